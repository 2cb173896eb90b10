//! Compressed text: gzip, zstd, bzip2 and xz, told by how they begin and unpacked as they are read.
//!
//! Archives of several members, as `cat a.gz b.gz`, bgzip and pzstd make them, are read to the end of the last. All
//! formats check what they unpack against a checksum at the end of a member or block, so data that is damaged or
//! cut short is an error, at the latest there; nothing is committed before.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bzip2::bufread::BzDecoder;
use flate2::bufread::GzDecoder;
use lzma_rust2::XzReader;

/// Memory that unpacking may take, in bytes, as a power of two: what `zstd -d` allows itself. `xz -9` needs the half.
const MEMORY_LOG: u32 = 27;
/// Bytes that suffice to tell a format.
pub(crate) const MAGIC: usize = 8;
/// Compressed bytes read at once.
const READ: usize = 128 << 10;

/// A format of compressed data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Format {
    /// Tells the format from the first [`MAGIC`] bytes of an input, or fewer where it has no more.
    pub(crate) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1F, 0x8B, ..] => Some(Self::Gzip),
            // The second is a frame to be skipped, which pzstd begins with.
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstd),
            // The digits of pi where there is a block, those of its square root where there is none.
            [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
                if [b"1AY&", b"\x17rE8"].iter().any(|block| block.starts_with(rest)) =>
            {
                Some(Self::Bzip2)
            }
            [0xFD, b'7', b'z', b'X', b'Z', ..] => Some(Self::Xz),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// Whether a member can begin with this byte.
    fn begins_with(self, byte: u8) -> bool {
        match self {
            Self::Gzip => byte == 0x1F,
            Self::Zstd => matches!(byte, 0x28 | 0x50..=0x5F),
            Self::Bzip2 => byte == b'B',
            Self::Xz => byte == 0xFD,
        }
    }
}

/// What is wrong with compressed data. Travels inside an [`io::Error`].
#[derive(Debug)]
pub(crate) struct Damage {
    pub(crate) format: Format,
    /// Goes on after "the gzip data".
    pub(crate) problem: String,
    /// `None` where only whole data helps.
    remedy: Option<String>,
}

impl std::error::Error for Damage {}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} data {}; {}", self.format.name(), self.problem, self.remedy(false))
    }
}

impl Damage {
    fn new(format: Format, problem: impl Into<String>) -> Self {
        Self { format, problem: problem.into(), remedy: None }
    }

    /// What can be done, with a file or a stream.
    pub(crate) fn remedy(&self, is_stream: bool) -> String {
        let format = self.format.name();
        match &self.remedy {
            Some(remedy) => remedy.clone(),
            None if is_stream => format!("send it again, or test what is sent with {format} -t"),
            None => format!("copy the file again, or test it with {format} -t"),
        }
    }

    fn too_large(format: Format) -> Self {
        let how = match format {
            Format::Zstd => "zstd -dc --long=31",
            _ => "xz -dc",
        };
        Self {
            format,
            problem: format!("takes more than {} MiB of memory to unpack", (1 << MEMORY_LOG) >> 20),
            remedy: Some(format!("unpack it before: {how} FILE | pointillist ingest - …")),
        }
    }
}

impl From<Damage> for io::Error {
    fn from(damage: Damage) -> Self {
        Self::new(io::ErrorKind::InvalidData, damage)
    }
}

/// What has been read of an input, as it lies on the disk or comes from a pipe.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    bytes: AtomicU64,
    failed: AtomicBool,
}

impl Meter {
    /// Bytes read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// A reader whose bytes are counted.
pub(crate) struct Metered<R> {
    reader: R,
    meter: Arc<Meter>,
}

impl<R: Read> Metered<R> {
    pub(crate) fn new(reader: R) -> (Self, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        (Self { reader, meter: Arc::clone(&meter) }, meter)
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                Ok(count) => {
                    self.meter.bytes.fetch_add(count as u64, Ordering::Relaxed);
                    return Ok(count);
                }
                // Not every unpacker could go on where it was.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.meter.failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    }
}

type Bytes = BufReader<Box<dyn Read + Send>>;

/// Unpacks compressed data.
pub(crate) struct Unpacker {
    format: Format,
    state: State,
    meter: Arc<Meter>,
    /// Whether the last member is such as bgzip writes, which puts an empty one at the end.
    is_block: bool,
    /// Whether the last member has held nothing so far.
    is_empty: bool,
}

enum State {
    /// Before a member, the first where that is said.
    Between(Bytes, bool),
    Gzip(Box<GzDecoder<Bytes>>),
    Zstd(zstd::Decoder<'static, Bytes>),
    Bzip2(BzDecoder<Bytes>),
    Xz(Box<XzReader<Bytes>>),
    End,
    Failed,
}

impl Unpacker {
    /// `meter` is that of the reader below.
    pub(crate) fn new(format: Format, reader: Box<dyn Read + Send>, meter: Arc<Meter>) -> Self {
        let state = State::Between(BufReader::with_capacity(READ, reader), true);
        Self { format, state, meter, is_block: false, is_empty: true }
    }

    /// The error that is meant by one that a decoder gives.
    fn explain(&self, error: io::Error) -> io::Error {
        let is_damage = error.get_ref().is_some_and(|inner| inner.is::<Damage>());
        if is_damage || self.meter.failed.load(Ordering::Relaxed) {
            return error;
        }
        let text = match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
            _ => pointillist_base::message::plain(&error),
        };
        let too_large = error.kind() == io::ErrorKind::OutOfMemory
            || text.contains("too much memory")
            || text.contains("memory limit");
        if too_large {
            return Damage::too_large(self.format).into();
        }
        Damage::new(self.format, format!("is damaged or cut short: {text}")).into()
    }

    fn begin(&mut self, bytes: Bytes) -> io::Result<State> {
        self.is_empty = true;
        Ok(match self.format {
            Format::Gzip => {
                let decoder = GzDecoder::new(bytes);
                let extra = decoder.header().and_then(|header| header.extra());
                self.is_block = extra.is_some_and(|extra| extra.starts_with(b"BC"));
                State::Gzip(Box::new(decoder))
            }
            Format::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(bytes)?.single_frame();
                decoder.window_log_max(MEMORY_LOG)?;
                State::Zstd(decoder)
            }
            Format::Bzip2 => State::Bzip2(BzDecoder::new(bytes)),
            Format::Xz => {
                // In KiB; what it needs besides its window is less than a tenth of that.
                let limit = (1 << (MEMORY_LOG - 10)) / 10 * 11;
                State::Xz(Box::new(XzReader::new_mem_limit(bytes, false, limit)))
            }
        })
    }

    fn unpack(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = match &mut self.state {
                State::Between(..) | State::End => 0,
                State::Gzip(decoder) => decoder.read(buffer)?,
                State::Zstd(decoder) => decoder.read(buffer)?,
                State::Bzip2(decoder) => decoder.read(buffer)?,
                State::Xz(decoder) => decoder.read(buffer)?,
                State::Failed => return Err(io::Error::other("read again after an error")),
            };
            if count > 0 {
                self.is_empty = false;
                return Ok(count);
            }
            let (mut bytes, first) = match std::mem::replace(&mut self.state, State::End) {
                State::End | State::Failed => return Ok(0),
                State::Between(bytes, first) => (bytes, first),
                State::Gzip(decoder) => (decoder.into_inner(), false),
                State::Zstd(decoder) => (decoder.finish(), false),
                State::Bzip2(decoder) => (decoder.into_inner(), false),
                State::Xz(decoder) => (decoder.into_inner(), false),
            };
            match next_byte(&mut bytes, !first)? {
                Some(byte) if self.format.begins_with(byte) => self.state = self.begin(bytes)?,
                Some(_) => {
                    let name = self.format.name();
                    let problem = format!("is followed by something that is not {name}");
                    return Err(Damage::new(self.format, problem).into());
                }
                None if self.is_block && !self.is_empty => {
                    let problem = "is cut short: bgzip's mark of the end is missing";
                    return Err(Damage::new(self.format, problem).into());
                }
                None => return Ok(0),
            }
        }
    }
}

/// The next byte, which stays, if there is one. Zeros fill the rest of a tape's block, and mean nothing.
fn next_byte(bytes: &mut Bytes, skip_zeros: bool) -> io::Result<Option<u8>> {
    loop {
        let available = bytes.fill_buf()?;
        let zeros =
            if skip_zeros { available.iter().take_while(|&&byte| byte == 0).count() } else { 0 };
        match available.get(zeros) {
            Some(&byte) => {
                bytes.consume(zeros);
                return Ok(Some(byte));
            }
            None if zeros == 0 => return Ok(None),
            None => bytes.consume(zeros),
        }
    }
}

impl Read for Unpacker {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let result = self.unpack(buffer);
        result.map_err(|error| {
            self.state = State::Failed;
            self.explain(error)
        })
    }
}
