//! The vector instructions that loops are compiled for, and the choice of them for the processor at hand.

use std::ffi::OsStr;
use std::fmt;
use std::sync::OnceLock;

/// Instructions that the processor at hand has: there is no way to make others. All give the same results, to the bit, in
/// different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instructions(Set);

/// A set of instructions that loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Those of every processor, and no short cuts: what all others are compared with.
    General,
    /// Those of every processor, eight bytes at a time.
    Scalar,
    /// Vectors of 256 bits: AVX2, BMI1, BMI2, LZCNT and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Vectors of 512 bits beside those: AVX-512 F, BW, DQ, VL, VBMI and VBMI2.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// What [`Instructions::chosen`] gives.
static CHOSEN: OnceLock<Instructions> = OnceLock::new();

impl Instructions {
    /// Those that every processor has, and no short cuts.
    pub const GENERAL: Self = Self(Set::General);
    /// Those that every processor has.
    pub const SCALAR: Self = Self(Set::Scalar);

    /// All that this processor has, the slowest first.
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "other processors have nothing to add")]
        let mut sets = vec![Self::GENERAL, Self::SCALAR];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
        {
            sets.push(Self(Set::Avx2));
            if is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi")
                && is_x86_feature_detected!("avx512vbmi2")
            {
                sets.push(Self(Set::Avx512));
            }
        }
        sets
    }

    /// The set: whoever has it in hand may use it.
    pub fn set(self) -> Set {
        self.0
    }

    /// The name: `general`, `scalar`, `avx2`, `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::General => "general",
            Set::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// Those that this process works with: what [`Instructions::choose`] was told, else the fastest there are.
    pub fn chosen() -> Self {
        *CHOSEN.get_or_init(Self::default)
    }

    /// Works with those of this name, for tests and for whoever doubts a result. To be called before there is any work.
    ///
    /// # Errors
    /// When this processor has none of that name, or others are at work.
    pub fn choose(name: &OsStr) -> Result<(), NotAvailable> {
        let sets = Self::available();
        let wanted = sets.into_iter().find(|set| name == set.name()).ok_or(NotAvailable)?;
        if *CHOSEN.get_or_init(|| wanted) == wanted { Ok(()) } else { Err(NotAvailable) }
    }

    /// Runs a job as it is compiled for these instructions.
    #[inline]
    pub fn run<J: Job>(self, job: J) -> J::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls code for the processor at hand")]
            // SAFETY: The processor has the instructions, or there would be no value that says so.
            Set::Avx512 => unsafe { avx512(job) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "calls code for the processor at hand")]
            // SAFETY: The processor has the instructions, or there would be no value that says so.
            Set::Avx2 => unsafe { avx2(job) },
            _ => job.run(),
        }
    }
}

impl Default for Instructions {
    /// The fastest that this processor has.
    fn default() -> Self {
        Self::available().into_iter().next_back().unwrap_or(Self::SCALAR)
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Instructions that are not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAvailable;

impl fmt::Display for NotAvailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Instructions::available().iter().map(|set| set.name()).collect();
        write!(f, "this processor has {}", names.join(", "))
    }
}

impl std::error::Error for NotAvailable {}

/// A loop that is compiled once for each set of instructions. It must be inlined (`#[inline(always)]`), with all that it
/// calls in its loop.
pub trait Job {
    /// What comes of it.
    type Output;

    /// Does it.
    fn run(self) -> Self::Output;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<J: Job>(job: J) -> J::Output {
    job.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<J: Job>(job: J) -> J::Output {
    job.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_names_and_the_general_one_is_the_first() {
        let names: Vec<String> =
            Instructions::available().iter().map(ToString::to_string).collect();
        assert_eq!(names[..2], ["general", "scalar"]);
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())));
    }

    #[test]
    fn a_job_gives_the_same_with_all_sets() {
        struct Sum<'a>(&'a [u64]);
        impl Job for Sum<'_> {
            type Output = u64;
            #[inline(always)]
            fn run(self) -> u64 {
                self.0.iter().sum()
            }
        }
        let numbers: Vec<u64> = (0..1000).collect();
        for set in Instructions::available() {
            assert_eq!(set.run(Sum(&numbers)), 499_500, "{set}");
        }
    }

    #[test]
    fn what_no_processor_has_is_refused_with_what_there_is() {
        let error = Instructions::choose("abacus".as_ref()).unwrap_err();
        assert!(error.to_string().starts_with("this processor has general, scalar"), "{error}");
        assert_eq!(Instructions::chosen(), Instructions::default());
    }
}
