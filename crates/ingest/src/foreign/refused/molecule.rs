//! Atoms in the formats of chemistry: positions in fixed columns, or between cells, bonds and velocities.

use super::Kind;
use crate::foreign::opening::{
    Opening, fields, is_number, numbers, whole_number, whole_numbers, word,
};
use crate::foreign::remedy::{BY_OBABEL, by_ase, by_python};

pub(super) const KINDS: &[Kind] = &[
    Kind { what: "a LAMMPS data file", is: is_lammps_data, remedy: by_ase!("lammps-data") },
    Kind {
        what: "averages of LAMMPS, in blocks that each begin with a time step",
        is: is_blocks,
        remedy: "awk '/^#/ {next} !rows {rows = $2; next} {rows--; print}' FILE > FILE.txt keeps the rows of all",
    },
    Kind {
        what: "a GROMACS structure",
        is: is_gro,
        remedy: "awk 'NR > 2 {print substr($0, 21, 8), substr($0, 29, 8), substr($0, 37, 8)}' FILE | sed '$d' > FILE.xyz \
                 keeps the positions of one frame",
    },
    Kind {
        what: "a PDB file",
        is: is_pdb,
        remedy: "awk '/^(ATOM  |HETATM)/ {print substr($0, 31, 8), substr($0, 39, 8), substr($0, 47, 8)}' \
                 FILE > FILE.xyz keeps the positions",
    },
    Kind {
        what: "an mmCIF file",
        is: |text| is_cif(text) && text.has("_entry.id") || is_cif(text) && text.has("_atom_site."),
        remedy: by_python!(
            "gemmi, numpy",
            "[atom.atom.pos.tolist() for atom in gemmi.read_structure('FILE')[0].all()]"
        ),
    },
    Kind { what: "a CIF file", is: is_cif, remedy: by_ase!("cif") },
    Kind {
        what: "an MDL molecule",
        is: |text| {
            let counts = text.line(3);
            counts.ends_with(b"V2000") || counts.ends_with(b"V3000")
        },
        remedy: BY_OBABEL,
    },
    Kind {
        what: "a Mol2 file",
        is: |text| text.content().next() == Some(b"@<TRIPOS>MOLECULE"),
        remedy: BY_OBABEL,
    },
    Kind { what: "a POSCAR file", is: is_poscar, remedy: by_ase!("vasp") },
    Kind { what: "a cube file", is: is_cube, remedy: by_ase!("cube") },
    Kind { what: "an XSF file", is: is_xsf, remedy: by_ase!("xsf") },
    Kind {
        what: "an AtomEye file",
        is: |text| text.line(0).starts_with(b"Number of particles") && text.has("H0(1,1)"),
        remedy: by_ase!("cfg"),
    },
    Kind {
        what: "a Turbomole file",
        is: |text| text.line(0).starts_with(b"$coord") && numbers(text.line(1)).is_none(),
        remedy: by_ase!("turbomole"),
    },
];

/// A title, and then among counts the number of atoms and the ends of the box.
fn is_lammps_data(text: &Opening) -> bool {
    let without_comment = text
        .lines()
        .skip(1)
        .map(|line| line.split(|&byte| byte == b'#').next().unwrap_or_default());
    let lines: Vec<&[u8]> = without_comment.map(<[u8]>::trim_ascii).take(48).collect();
    let is_atoms = |line: &[u8]| {
        let mut fields = fields(line);
        fields.next().is_some_and(|count| whole_number(count).is_some())
            && fields.next() == Some(b"atoms")
            && fields.next().is_none()
    };
    lines.iter().any(|line| is_atoms(line)) && lines.iter().any(|line| line.ends_with(b"xlo xhi"))
}

/// Two comments that say so, as `fix ave/chunk` and `fix ave/time` of vectors write them.
fn is_blocks(text: &Opening) -> bool {
    let averaged = ["# Chunk-averaged data for fix ", "# Time-averaged data for fix "];
    let blocks = ["# Timestep Number-of-chunks", "# TimeStep Number-of-rows"];
    averaged.iter().any(|words| text.line(0).starts_with(words.as_bytes()))
        && blocks.iter().any(|words| text.line(1).starts_with(words.as_bytes()))
}

/// A title, the number of atoms, and then columns of 5, 5, 5, 5 and three of 8 characters.
fn is_gro(text: &Opening) -> bool {
    let atom = text.line(2);
    let column = |from: usize, to: usize| fields_of(atom, from, to);
    whole_numbers::<1>(text.line(1)).is_some()
        && column(0, 5).is_some_and(|number| whole_number(number).is_some())
        && column(15, 20).is_some_and(|number| whole_number(number).is_some())
        && column(5, 10).is_some_and(|name| !is_number(name))
        && [20, 28, 36].iter().all(|&at| column(at, at + 8).is_some_and(is_number))
}

/// Some columns of a line, if they hold one field.
fn fields_of(line: &[u8], from: usize, to: usize) -> Option<&[u8]> {
    let mut fields = fields(line.get(from..to)?);
    fields.next().filter(|_| fields.next().is_none())
}

/// Records of the format alone, and the position of an atom in its columns.
fn is_pdb(text: &Opening) -> bool {
    const RECORDS: [&[u8]; 14] = [
        b"HEADER", b"TITLE", b"COMPND", b"SOURCE", b"KEYWDS", b"EXPDTA", b"AUTHOR", b"REVDAT",
        b"REMARK", b"CRYST1", b"MODEL", b"ATOM", b"HETATM", b"JRNL",
    ];
    let is_record = |line: &[u8]| {
        let name = line.get(..6.min(line.len())).unwrap_or_default();
        RECORDS.contains(&name.trim_ascii_end())
    };
    let is_atom = |line: &[u8]| {
        let columns = [30, 38, 46].map(|at| fields_of(line, at, at + 8));
        let named = line.starts_with(b"ATOM  ") || line.starts_with(b"HETATM");
        named && columns.iter().all(|column| column.is_some_and(is_number))
    };
    is_record(text.line(0)) && text.lines().any(is_atom)
}

/// A block of data, with names that begin with `_`.
fn is_cif(text: &Opening) -> bool {
    let mut lines = text.content();
    let is_block =
        lines.next().is_some_and(|line| line.starts_with(b"data_") && fields(line).count() == 1);
    let is_name = |line: &[u8]| line.starts_with(b"_") || line == b"loop_";
    is_block && lines.next().is_some_and(is_name)
}

/// A title, a scale, three vectors, perhaps elements, counts, and how the positions are given.
fn is_poscar(text: &Opening) -> bool {
    let line = |at: usize| text.line(at);
    let is_counts =
        |line: &[u8]| !line.is_empty() && fields(line).all(|field| whole_number(field).is_some());
    let counts = if is_counts(line(5)) { 5 } else { 6 };
    let is_kind = |line: &[u8]| {
        line.trim_ascii_start().first().is_some_and(|first| b"SsDdCcKk".contains(first))
    };
    numbers(line(1)) == Some(1)
        && (2..5).all(|at| numbers(line(at)) == Some(3))
        && is_counts(line(counts))
        && is_kind(line(counts + 1))
        && numbers(line(counts + 1)).is_none()
}

/// Two titles, the number of atoms with the origin, three axes, and then an atom of five numbers.
fn is_cube(text: &Opening) -> bool {
    let counted = |line: &[u8]| {
        let count = word(line);
        whole_number(count.strip_prefix(b"-").unwrap_or(count)).is_some()
    };
    (2..6).all(|at| {
        let line = text.line(at);
        counted(line) && matches!(numbers(line), Some(4 | 5))
    }) && numbers(text.line(6)) == Some(5)
        && numbers(text.line(3)) == Some(4)
}

/// What is periodic, and then its vectors, or the atoms.
fn is_xsf(text: &Opening) -> bool {
    let mut lines = text.content();
    let first = word(lines.next().unwrap_or_default());
    let second = word(lines.next().unwrap_or_default());
    let is_kind = [b"CRYSTAL".as_slice(), b"SLAB", b"POLYMER", b"ANIMSTEPS"].contains(&first);
    let goes_on = [b"PRIMVEC".as_slice(), b"CONVVEC", b"CRYSTAL", b"SLAB"].contains(&second);
    is_kind && goes_on
}
