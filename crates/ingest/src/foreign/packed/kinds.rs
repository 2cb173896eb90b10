//! The table of formats that are no text. `FILE` in a remedy stands for the input.

/// A format that is no text.
pub(super) struct Kind {
    /// What messages call it.
    pub(super) what: &'static str,
    /// Where marks stand, and their bytes: all must be there.
    pub(super) marks: &'static [(usize, &'static [u8])],
    pub(super) certainty: Certainty,
    /// How the input's name may end; empty where that does not matter.
    pub(super) endings: &'static [&'static str],
    /// What can be done.
    pub(super) remedy: &'static str,
}

/// What marks are worth.
#[derive(Debug, Clone, Copy)]
pub(super) enum Certainty {
    /// No text begins with them.
    Marked,
    /// A text may: its bytes must be such as no text has.
    NoText,
}

use Certainty::{Marked, NoText};

use crate::foreign::remedy::{BY_GDAL, BY_OGR, BY_PDAL, BY_TRIMESH, by_python};

/// How HDF5 files begin, or go on at a multiple of 512.
pub(super) const HDF5: &[u8] = b"\x89HDF\r\n\x1A\n";

pub(super) const BY_H5PY: &str = by_python!("h5py, numpy", "h5py.File('FILE')['DATASET']");
const BY_PANDAS: &str = "python3 -c \"import pandas; pandas.DataFrame(pandas.read_pickle('FILE')).to_csv('FILE.csv', index=False)\", \
     if it comes from one you trust";
const BY_OFFICE: &str = "soffice --headless --convert-to csv FILE";
const BY_FEATHER: &str = "python3 -c \"import pyarrow.csv, pyarrow.feather; pyarrow.csv.write_csv(pyarrow.feather.read_table('FILE'), \
     'FILE.csv')\"";

const fn kind(
    what: &'static str,
    marks: &'static [(usize, &'static [u8])],
    certainty: Certainty,
    remedy: &'static str,
) -> Kind {
    Kind { what, marks, certainty, endings: &[], remedy }
}

/// The same, where only names with one of these endings are meant.
const fn named(endings: &'static [&'static str], kind: Kind) -> Kind {
    Kind { endings, ..kind }
}

const ZIP: &[(usize, &[u8])] = &[(0, b"PK\x03\x04")];

/// All kinds; the first that fits is meant.
pub(super) const KINDS: &[Kind] = &[
    // Packed text.
    named(
        &["npz"],
        kind("an .npz archive", ZIP, Marked, "save the array by itself: np.save(…, a)"),
    ),
    named(&["xlsx", "xlsm", "ods"], kind("a workbook", ZIP, Marked, BY_OFFICE)),
    named(&["kmz"], kind("a KMZ file", ZIP, Marked, BY_OGR)),
    kind("a zip archive", ZIP, Marked, "pipe it in: unzip -p FILE | … -"),
    kind("a 7z archive", &[(0, b"7z\xBC\xAF\x27\x1C")], Marked, "pipe it in: 7z x -so FILE | … -"),
    kind("a RAR archive", &[(0, b"Rar!\x1A\x07")], Marked, "pipe it in: unrar p -inul FILE | … -"),
    kind("lzma data", &[(0, b"\x5D\0\0")], Marked, "pipe it in: xz -dc --format=lzma FILE | … -"),
    kind("lz4 data", &[(0, b"\x04\x22\x4D\x18")], Marked, "pipe it in: lz4 -dc FILE | … -"),
    kind("lz4 data", &[(0, b"\x02\x21\x4C\x18")], Marked, "pipe it in: lz4 -dc FILE | … -"),
    kind("data of compress", &[(0, b"\x1F\x9D")], Marked, "pipe it in: gzip -dc FILE | … -"),
    kind("lzip data", &[(0, b"LZIP\x01")], Marked, "pipe it in: lzip -dc FILE | … -"),
    kind("lzop data", &[(0, b"\x89LZO\0")], Marked, "pipe it in: lzop -dc FILE | … -"),
    kind(
        "snappy data",
        &[(0, b"\xFF\x06\0\0sNaPpY")],
        Marked,
        "python3 -c \"import snappy; snappy.stream_decompress(open('FILE', 'rb'), open('FILE.txt', 'wb'))\"",
    ),
    named(&["br"], kind("brotli data", &[], NoText, "pipe it in: brotli -dc FILE | … -")),
    kind("a tar archive", &[(257, b"ustar")], Marked, "pipe it in: tar -xOf FILE | … -"),
    // Tables.
    kind(
        "a FITS file",
        &[(0, b"SIMPLE  =")],
        Marked,
        "stilts tcopy in=FILE ifmt=fits out=FILE.csv ofmt=csv",
    ),
    kind(
        "a MATLAB 7.3 file",
        &[(0, b"MATLAB 7.3 MAT-file")],
        Marked,
        by_python!("h5py, numpy", "h5py.File('FILE')['NAME'][()].T"),
    ),
    kind(
        "a MATLAB file",
        &[(0, b"MATLAB 5.0 MAT-file")],
        Marked,
        by_python!("numpy, scipy.io", "scipy.io.loadmat('FILE')['NAME']"),
    ),
    kind("an HDF5 file", &[(0, HDF5)], Marked, BY_H5PY),
    kind("a NetCDF file", &[(0, b"CDF\x01")], Marked, BY_XARRAY),
    kind("a NetCDF file", &[(0, b"CDF\x02")], Marked, BY_XARRAY),
    kind("a NetCDF file", &[(0, b"CDF\x05")], Marked, BY_XARRAY),
    kind(
        "a Parquet file",
        &[(0, b"PAR1")],
        NoText,
        "duckdb -c \"COPY (FROM read_parquet('FILE')) TO 'FILE.csv'\"",
    ),
    kind("an Arrow or Feather file", &[(0, b"ARROW1\0\0")], Marked, BY_FEATHER),
    kind("a Feather file", &[(0, b"FEA1\0\0\0\0")], Marked, BY_FEATHER),
    kind(
        "an Arrow stream",
        &[(0, b"\xFF\xFF\xFF\xFF"), (6, b"\0\0\x10\0\0\0")],
        Marked,
        "python3 -c \"import pyarrow.csv, pyarrow.ipc; \
         pyarrow.csv.write_csv(pyarrow.ipc.open_stream('FILE').read_all(), 'FILE.csv')\"",
    ),
    kind(
        "an ORC file",
        &[(0, b"ORC")],
        NoText,
        "python3 -c \"import pyarrow.csv, pyarrow.orc; pyarrow.csv.write_csv(pyarrow.orc.read_table('FILE'), \
         'FILE.csv')\"",
    ),
    kind(
        "an Avro file",
        &[(0, b"Obj\x01")],
        Marked,
        "python3 -c \"import fastavro, pandas; pandas.DataFrame(fastavro.reader(open('FILE', \
         'rb'))).to_csv('FILE.csv', index=False)\"",
    ),
    kind(
        "a ROOT file",
        &[(0, b"root\0")],
        Marked,
        "python3 -c \"import uproot; uproot.open('FILE')['TREE'].arrays(library='pd').to_csv('FILE.csv', \
         index=False)\"",
    ),
    kind(
        "an SQLite database",
        &[(0, b"SQLite format 3\0")],
        Marked,
        "pipe it in: sqlite3 -csv -header FILE 'SELECT x, y FROM NAME' | … -",
    ),
    kind(
        "a DuckDB database",
        &[(8, b"DUCK")],
        NoText,
        "duckdb FILE -c \"COPY NAME TO 'FILE.csv'\"",
    ),
    kind("a Python pickle", &[(0, b"\x80\x02")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"\x80\x03")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"\x80\x04\x95")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"\x80\x05\x95")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"cnumpy.")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"ccopy_reg\n")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"(lp0\n")], Marked, BY_PANDAS),
    kind("a Python pickle", &[(0, b"(dp0\n")], Marked, BY_PANDAS),
    kind(
        "an SPSS file",
        &[(0, b"$FL2@(#)")],
        Marked,
        "python3 -c \"import pandas; pandas.read_spss('FILE').to_csv('FILE.csv', index=False)\"",
    ),
    kind("a Stata file", &[(0, b"<stata_dta>")], Marked, BY_STATA),
    named(&["dta"], kind("a Stata file", &[], NoText, BY_STATA)),
    kind(
        "an old Excel workbook or another OLE file",
        &[(0, b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")],
        Marked,
        BY_OFFICE,
    ),
    // Points.
    kind("a LAS or LAZ file", &[(0, b"LASF")], NoText, BY_PDAL),
    kind("an E57 file", &[(0, b"ASTM-E57")], Marked, BY_PDAL),
    kind("a glTF file", &[(0, b"glTF")], NoText, BY_TRIMESH),
    // Grids and pictures.
    kind("a GRIB file", &[(0, b"GRIB"), (7, b"\x01")], Marked, BY_GDAL),
    kind("a GRIB file", &[(0, b"GRIB"), (7, b"\x02")], Marked, BY_GDAL),
    kind("a binary Surfer grid", &[(0, b"DSBB")], NoText, BY_GDAL),
    kind("a binary Surfer grid", &[(0, b"DSRB")], NoText, BY_GDAL),
    kind("a TIFF picture", &[(0, b"II*\0")], Marked, BY_GDAL),
    kind("a TIFF picture", &[(0, b"MM\0*")], Marked, BY_GDAL),
    kind("a TIFF picture", &[(0, b"II+\0")], Marked, BY_GDAL),
    kind("a TIFF picture", &[(0, b"MM\0+")], Marked, BY_GDAL),
    kind("a PNG picture", &[(0, b"\x89PNG")], Marked, BY_GDAL),
    kind("a JPEG picture", &[(0, b"\xFF\xD8\xFF")], Marked, BY_GDAL),
    kind("a GIF picture", &[(0, b"GIF8")], NoText, BY_GDAL),
    kind("a BMP picture", &[(0, b"BM"), (6, b"\0\0\0\0")], Marked, BY_GDAL),
    kind(
        "an NRRD file",
        &[(0, b"NRRD000")],
        Marked,
        "python3 -c \"import nrrd, numpy; numpy.save('FILE.npy', nrrd.read('FILE')[0])\" writes its values",
    ),
    // Documents.
    kind(
        "a PDF file",
        &[(0, b"%PDF-")],
        Marked,
        "pdftotext -layout FILE FILE.txt writes its text, tables among it",
    ),
    kind(
        "a PostScript file",
        &[(0, b"%!PS")],
        Marked,
        "ps2ascii FILE FILE.txt writes its text, tables among it",
    ),
];

const BY_STATA: &str =
    "python3 -c \"import pandas; pandas.read_stata('FILE').to_csv('FILE.csv', index=False)\"";
const BY_XARRAY: &str = "python3 -c \"import xarray; xarray.open_dataset('FILE').to_dataframe().reset_index().to_csv('FILE.csv', \
     index=False)\"";
