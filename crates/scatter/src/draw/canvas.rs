//! What is drawn on, and what draws on it.

use pointillist_base::Progress;
use pointillist_bin2d::{Columns, Source, Stats};
use rayon::prelude::*;

use crate::{Clip, Error};

/// Takes points and makes the pixels of the clip.
pub(super) trait Layer {
    /// Draws points over those that are there; `colors` are the columns of the coloring.
    fn add(
        &mut self,
        points: &Columns<'_>,
        colors: &[Source<'_>],
        progress: &dyn Progress,
    ) -> Result<(), Error>;

    /// Draws what there is on the canvas, and says where the points went.
    fn finish(self: Box<Self>, canvas: Canvas<'_>) -> Stats;
}

/// The picture, before it is drawn on.
pub(super) struct Canvas<'a> {
    pub(super) pixels: &'a mut [[u8; 4]],
    /// Pixels of a row.
    pub(super) width: usize,
    /// The part that may be drawn on.
    pub(super) clip: Clip,
}

impl<'a> Canvas<'a> {
    /// The rows of the clip.
    pub(super) fn rows(self) -> impl IndexedParallelIterator<Item = &'a mut [[u8; 4]]> {
        let Clip { left, right, top, .. } = self.clip;
        let rows = self.pixels.par_chunks_exact_mut(self.width);
        let rows = rows.skip(top as usize).take(self.clip.height());
        rows.map(move |row| &mut row[left as usize..right as usize])
    }
}

/// From a pixel of the canvas to that of the picture.
pub(super) type Show<T> = Box<dyn Fn(T) -> [u8; 4] + Sync>;
