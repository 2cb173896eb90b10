//! What makes points of formats that are not read, where one command serves several. `FILE` stands for the input.

/// A line of Python that saves an array of positions, after `import numpy` and others.
macro_rules! by_python {
    ($imports:literal, $positions:literal) => {
        concat!(
            "python3 -c \"import ",
            $imports,
            "; numpy.save('FILE.npy', ",
            $positions,
            ")\" writes an array that is read"
        )
    };
}

/// The same by ASE, which reads atoms in many formats.
macro_rules! by_ase {
    ($format:literal) => {
        concat!(
            "python3 -c \"import ase.io, numpy; numpy.save('FILE.npy', ase.io.read('FILE', format='",
            $format,
            "').positions)\" writes an array that is read"
        )
    };
}

pub(super) use {by_ase, by_python};

pub(super) const BY_GDAL: &str = "gdal_translate -of XYZ FILE FILE.xyz";
pub(super) const BY_GMSH: &str = "gmsh -0 FILE -o FILE.vtk, then python3 -c \"import numpy, pyvista; \
     numpy.save('FILE.npy', pyvista.read('FILE.vtk').points)\" writes an array that is read";
pub(super) const BY_MESHIO: &str = by_python!("meshio, numpy", "meshio.read('FILE').points");
pub(super) const BY_OBABEL: &str = "obabel FILE -oxyz -O FILE.xyz";
pub(super) const BY_OGR: &str = "ogr2ogr -f CSV -lco GEOMETRY=AS_XYZ FILE.csv FILE";
pub(super) const BY_PDAL: &str = "pdal translate FILE FILE.csv";
pub(super) const BY_PYVISTA: &str = by_python!("numpy, pyvista", "pyvista.read('FILE').points");
pub(super) const BY_TRIMESH: &str =
    by_python!("numpy, trimesh", "trimesh.load('FILE', process=False).vertices");
