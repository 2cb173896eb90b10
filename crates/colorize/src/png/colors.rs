//! A set of colours that tells the place of each.

/// Slots of the table; with at most 256 colours, most are found where they are first looked for.
const SLOTS: usize = 2048;

/// The most colours that a palette can have.
pub(super) const MOST: usize = 256;

/// Up to 256 colours in the order in which they were added.
#[derive(Debug, Clone)]
pub(super) struct Colors {
    /// The pixel in the low half; above it 1 and the index, or 0 where the slot is free.
    slots: Box<[u64; SLOTS]>,
    colors: Vec<[u8; 4]>,
}

impl Colors {
    pub(super) fn new() -> Colors {
        Colors { slots: Box::new([0; SLOTS]), colors: Vec::new() }
    }

    /// In the order in which they were added.
    pub(super) fn list(&self) -> &[[u8; 4]] {
        &self.colors
    }

    /// The place of a colour in the list.
    #[inline(always)]
    pub(super) fn find(&self, color: [u8; 4]) -> Option<u8> {
        let pixel = u32::from_le_bytes(color);
        let mut slot = first(pixel);
        loop {
            let found = self.slots[slot];
            if found as u32 == pixel && found != 0 {
                return Some((found >> 32) as u8);
            }
            if found == 0 {
                return None;
            }
            slot = (slot + 1) % SLOTS;
        }
    }

    /// Adds a colour if it is new; false where there is no place left for it.
    #[inline(always)]
    pub(super) fn add(&mut self, color: [u8; 4]) -> bool {
        self.find(color).is_some() || self.insert(color)
    }

    #[cold]
    fn insert(&mut self, color: [u8; 4]) -> bool {
        if self.colors.len() == MOST {
            return false;
        }
        let pixel = u32::from_le_bytes(color);
        let mut slot = first(pixel);
        while self.slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = 1 << 63 | (self.colors.len() as u64) << 32 | u64::from(pixel);
        self.colors.push(color);
        true
    }
}

#[inline(always)]
fn first(pixel: u32) -> usize {
    (pixel.wrapping_mul(0x9e37_79b1) >> (32 - SLOTS.ilog2())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_keep_their_places_and_the_257th_finds_none() {
        let color = |i: u32| (i.wrapping_mul(0x0101_0305)).to_le_bytes();
        let mut colors = Colors::new();
        assert_eq!(colors.find([0; 4]), None);
        for i in 0..256 {
            assert!(colors.add(color(i)) && colors.add(color(i / 2)));
        }
        for i in 0..256 {
            assert_eq!(colors.find(color(i)), Some(i as u8));
        }
        assert!(!colors.add(color(256)));
        assert_eq!((colors.find(color(256)), colors.list().len()), (None, 256));
    }
}
