"""Compares what pointillist writes with what its users' other tools make of it.

Usage: check.py PROGRAM, where PROGRAM is a built pointillist. Needs requirements.txt beside this file, and
gdalinfo. Prints a line a check and ends with exit code 1 at the first that fails.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import datashader
import numpy as np
import pandas
import rasterio
import tifffile

from colormaps import check_color_tables, check_lists
from support import PROGRAM, check, run


def write_points(folder):
    """A million points in clumps, on a lattice of exact cell edges, and not finite, with z; the text has the exact
    values of float32."""
    rng = np.random.default_rng(7)
    clumps = rng.normal(0, 1, (400_000, 2)) * [3, 0.5] + [10, -4]
    lattice = rng.integers(0, 65, (500_000, 2)) / 64 * [16, 8] + [2, -8]
    uniform = rng.uniform([0, -10], [20, 2], (100_000, 2))
    points = np.concatenate([clumps, lattice, uniform]).astype(np.float32)
    z = (np.sin(points[:, 0]) * 100 + rng.normal(0, 5, len(points))).astype(np.float32)
    z[::1000] = np.nan
    order = rng.permutation(len(points))
    points, z = points[order], z[order]
    points[5, 0], points[50, 1] = np.nan, np.inf
    path = folder / "points.txt"
    np.savetxt(path, np.column_stack([points, z]).astype(np.float64), fmt="%.17g")
    return path, points[:, 0], points[:, 1], z


def check_columns(folder, path, x, y, z):
    out = folder / "grid.points"
    run("ingest", path, "-o", out)
    for name, expected in (("x", x), ("y", y), ("z", z)):
        column = np.load(out / f"{name}.npy", mmap_mode="r")
        same = np.array_equal(column.view(np.uint32)[expected == expected],
                              expected.view(np.uint32)[expected == expected])
        check(f"np.load gives column {name} to the bit", same and column.dtype == np.float32
              and np.array_equal(np.isnan(column), np.isnan(expected)))
        blocks = [expected[at:at + 65536] for at in range(0, len(expected), 65536)]
        finite = [block[np.isfinite(block)] for block in blocks]
        zones = np.load(out / f"{name}.zones.npy")
        check(f"np.load gives the zones of column {name}",
              np.array_equal(zones["min"], [block.min() for block in finite])
              and np.array_equal(zones["max"], [block.max() for block in finite])
              and np.array_equal(zones["non_finite"], [np.sum(~np.isfinite(block)) for block in blocks]))
        recorded = next(c for c in json.loads((out / "points.json").read_text())["columns"] if c["name"] == name)
        check(f"the hashes of the blocks of column {name} add up to its own",
              f"{int(np.add.reduce(zones['hash'])):016x}" == recorded["hash"][:16])
    sidecar = json.loads((out / "points.json").read_text())
    finite = x[np.isfinite(x)].astype(np.float64)
    check("points.json has the bounds", sidecar["columns"][0]["min"] == finite.min()
          and sidecar["columns"][0]["max"] == finite.max())
    return out


def check_arrays(folder):
    """Arrays of every type and order that NumPy writes, as rows, as columns, and as records."""
    rng = np.random.default_rng(8)
    out = folder / "array.points"

    def same(what, expected, *arguments):
        run("ingest", *arguments, "-o", out, "--force", "--dtype", "f64" if expected.dtype == np.float64 else "f32")
        found = [np.load(out / f"{name}.npy") for name in "xyz"]
        check(what, all(np.array_equal(f, e, equal_nan=True) and np.array_equal(np.signbit(f), np.signbit(e))
                        for f, e in zip(found, expected.T)))

    for code in ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        bits = rng.integers(0, 256, (100_000, 3 * np.dtype(code).itemsize), dtype=np.uint8)
        rows = bits.view(code)
        if code[0] == "f":
            rows = np.where(np.isnan(rows), rows.dtype.type(-0.0), rows)
        for order in "<>":
            array = rows.astype(order + code)
            for dtype in (np.float32, np.float64):
                with np.errstate(over="ignore"):
                    expected = array.astype(dtype)
                label = f"{order}{code} to {np.dtype(dtype).name}"
                path = folder / "array.npy"
                np.save(path, array)
                same(f"{label}: rows", expected, path)
                np.save(path, np.asfortranarray(array))
                same(f"{label}: Fortran order", expected, path)
                columns = [folder / f"{name}.npy" for name in "abc"]
                for column, values in zip(columns, array.T):
                    np.save(column, values)
                same(f"{label}: a file a column", expected, *columns)
                record = np.zeros(len(array), np.dtype([("id", "<U5"), ("b", array.dtype), ("flag", "?"),
                                                        ("c", array.dtype), ("at", "<f8", (2, 2)),
                                                        ("a", array.dtype)], align=True))
                record["a"], record["b"], record["c"] = array.T
                np.save(path, record)
                same(f"{label}: records", expected, path, "--columns", "x=a,y=b,z=c")
                # An aligned record has gaps, which the header lists as fields without a name.
                gaps = np.zeros(len(array), np.dtype([("a", array.dtype), ("b", "<f8"), ("c", array.dtype)], align=True))
                gaps["a"], gaps["b"], gaps["c"] = array.T
                between = expected.copy()
                between[:, 1] = gaps["b"].astype(dtype)
                np.save(path, gaps)
                same(f"{label}: records with gaps", between, path)
    for dtype in (np.float32, np.float64):
        rows = rng.normal(size=(100_000, 3)).astype(dtype)
        path = folder / "array.raw"
        np.memmap(path, dtype, "w+", shape=rows.shape)[:] = rows
        same(f"raw {np.dtype(dtype).name}", rows, path, "--raw", f"f{8 * rows.itemsize}", "--columns-per-row", "3")


def histogram(x, y, size, limits, weights=None):
    """numpy.histogram2d as a picture, with edges that are rounded to the type of the values."""
    edges = [np.linspace(*range_, n + 1).astype(values.dtype) for values, n, range_ in zip((x, y), size, limits)]
    return np.histogram2d(x, y, bins=edges, weights=weights)[0].T[::-1]


def check_grids(folder, points, x, y, z):
    finite = np.isfinite(x) & np.isfinite(y)
    x, y, z = x[finite], y[finite], z[finite].astype(np.float64)
    has_z = ~np.isnan(z)
    for size, extent in (((1, 1), None), ((64, 64), (2, 18, -8, 0)), ((999, 333), None),
                         ((1024, 1024), (2, 18, -8, 0)), ((4096, 4096), (3.1, 17.3, -7.77, 0.1))):
        bounds = extent or tuple(map(float, (x.min(), x.max(), y.min(), y.max())))
        limits = [bounds[:2], bounds[2:]]
        out = folder / "grid.tiff"
        arguments = ["--extent", ",".join(map(repr, extent))] if extent else []
        run("bin2d", points, "-o", out, "--size", "%dx%d" % size, "--dtype", "f64", *arguments)
        count = histogram(x, y, size, limits)
        total = histogram(x[has_z], y[has_z], size, limits, weights=z[has_z])
        number = histogram(x[has_z], y[has_z], size, limits)
        with np.errstate(invalid="ignore"):
            mean = total / number
        ours = tifffile.imread(out, key=0), tifffile.imread(out, key=1)
        label = "%dx%d" % size
        check(f"{label}: counts are numpy.histogram2d's", np.array_equal(ours[0], count))
        check(f"{label}: means are numpy.histogram2d's",
              np.array_equal(ours[1], mean, equal_nan=True))


def check_lattices(folder):
    """Decimals that are meant to lie on the edges of cells, on these very cells and on others, in both types, as columns
    and as text in one pass, and in a table of each type."""
    text, out = folder / "lattice.txt", folder / "lattice.tiff"
    types = ("f32", np.float32), ("f64", np.float64)
    for first, last, digits in ((0, 10, 1), (1, 7, 1), (-123, 877, 2), (100_000, 103_000, 3), (0, 250, 6), (-5, 1, 3)):
        steps = np.arange(first, last + 1)
        lattice = [f"{step / 10**digits:.{digits}f}" for step in steps]
        text.write_text("".join(f"{x} {y}\n" for x, y in zip(lattice, lattice[::-1])))
        extent = ",".join([lattice[0], lattice[-1]] * 2)
        limits = [(float(lattice[0]), float(lattice[-1]))] * 2
        for size in ((len(steps) - 1, len(steps) - 1), (777, 3), (4096, 1024)):
            label = f"decimals from {lattice[0]} to {lattice[-1]} in {size[0]}x{size[1]} cells"
            expected, tables = [], []
            for name, dtype in types:
                x = np.array(lattice, np.float64).astype(dtype)
                expected.append(histogram(x, x[::-1], size, limits))
                tables.append(folder / f"lattice-{name}.points")
                run("ingest", text, "-o", tables[-1], "--dtype", name, "--force")
                for inputs in ([tables[-1]], [text, "--dtype", name]):
                    run("bin2d", *inputs, "-o", out, f"--extent={extent}", "--size", "%dx%d" % size)
                    check(f"{label}, {name}: counts are numpy.histogram2d's",
                          np.array_equal(tifffile.imread(out), expected[-1]))
            run("bin2d", *tables, "-o", out, f"--extent={extent}", "--size", "%dx%d" % size)
            check(f"{label}, a table of each type", np.array_equal(tifffile.imread(out), sum(expected)))
            # Where a lattice crosses zero, the error of the edge there shows: it is not small beside so small a number.
            if size[0] == len(steps) - 1 and first >= 0:
                run("bin2d", tables[0], "-o", out, f"--extent={extent}", "--size", "%dx%d" % size)
                across = tifffile.imread(out).sum(axis=0)
                check(f"{label}: one in each, and two in the last", across[-1] == 2 and (across[:-1] == 1).all())
    text.write_text("3e7 0\n3e7 1\n")
    refused = subprocess.run([PROGRAM, "bin2d", text, "-o", out, "--extent", "3e7,30000000.5,0,1"], capture_output=True, text=True)
    check("an extent that 32 bits cannot tell from a point is refused", refused.returncode == 2 and "--dtype f64" in refused.stderr)


def check_reductions(folder):
    """Every reduction of two columns against pandas, with z that are NaN or infinite, one point, and none."""
    names = ["sum", "mean", "min", "max", "std", "var", "first", "last"]
    rng = np.random.default_rng(11)
    size, path, points, out = 20, folder / "z.npy", folder / "z.points", folder / "z.tiff"
    for rows in (100_000, 300, 1):
        table = np.column_stack([rng.random((rows, 2)), rng.normal(1e3, 1, rows), rng.normal(0, 1e-3, rows)])
        table[::7, 2] = np.nan
        table[3::5000, 2] = np.inf
        table[4::9000, 2] = -np.inf
        # A cell in which no z is a number.
        table[(table[:, 0] < 0.05) & (table[:, 1] < 0.05), 2] = np.nan
        np.save(path, table)
        run("ingest", path, "-o", points, "--columns", "x=1,y=2,z=3,mag=4", "--dtype", "f64", "--force")
        pages = ["count"] + [f"{name}:{column}" for column in ("z", "mag") for name in names]
        # One extent holds the points, the other holds none.
        for extent in ("0,1,0,1", "2,3,0,1"):
            run("bin2d", points, "-o", out, "--size", size, f"--extent={extent}", "--dtype", "f64",
                "--reduce", ",".join(pages))
            frame = pandas.DataFrame(table, columns=["x", "y", "z", "mag"])
            frame = frame[frame.x < 1] if extent == "0,1,0,1" else frame[:0]
            cell = (size - 1 - np.floor(frame.y * size)) * size + np.floor(frame.x * size)
            groups = frame.groupby(cell.astype(int))
            label = f"{len(frame):,} points"

            def page(of_cells, empty):
                return of_cells.reindex(range(size * size), fill_value=empty).to_numpy(float).reshape(size, size)

            found = {name: tifffile.imread(out, key=index) for index, name in enumerate(pages)}
            check(f"{label}: count is pandas' size", np.array_equal(found["count"], page(groups.size(), 0)))
            for column in ("z", "mag"):
                of = groups[column]
                theirs = {"sum": of.sum(min_count=1), "mean": of.mean(), "min": of.min(), "max": of.max(),
                          "std": of.std(ddof=0), "var": of.var(ddof=0), "first": of.first(), "last": of.last()}
                for name in names:
                    with np.errstate(invalid="ignore"):
                        ours, expected = found[f"{name}:{column}"], page(theirs[name], np.nan)
                    exact = name in ("min", "max", "first", "last")
                    same = np.allclose(ours, expected, rtol=0 if exact else 1e-9, atol=0 if exact else 1e-12,
                                       equal_nan=True)
                    check(f"{label}: {name} of {column} is pandas'", same)


def check_many_points(folder):
    """Ten million points in random order, some of them outside. Unlike in check_grids few are on an edge, all of them by
    rounding: these are not given to datashader, which differs from NumPy there."""
    rng = np.random.default_rng(9)
    rows = 10_000_000
    clumps, uniform = rng.normal([4, -2], [1.5, 0.7], (rows // 2, 2)), rng.uniform([-1, -5], [11, 1], (rows // 2, 2))
    table = np.column_stack([np.concatenate([clumps, uniform]), rng.normal(5, 20, rows)])
    rng.shuffle(table)
    # A float32 does not have the digits of these edges.
    extent = (rng.uniform(-0.1, 0.1, 4) + [0, 10, -4, 0]).tolist()
    limits = extent[:2], extent[2:]
    path, points, out = folder / "many.npy", folder / "many.points", folder / "many.tiff"
    both = datashader.summary(count=datashader.count(), mean=datashader.mean("z"))
    for dtype, sizes in ((np.float32, (1, 1024)), (np.float64, (999, 4096))):
        rounded = table.astype(dtype)
        np.save(path, rounded)
        run("ingest", path, "-o", points, "--dtype", f"f{8 * rounded.itemsize}", "--force")
        x, y, z = (np.ascontiguousarray(column) for column in rounded.T)
        z = z.astype(np.float64)
        frame = pandas.DataFrame(rounded, columns=["x", "y", "z"])
        for size in sizes:
            run("bin2d", points, "-o", out, "--size", size, "--extent=" + ",".join(map(repr, extent)))
            count, mean = tifffile.imread(out, key=0), tifffile.imread(out, key=1)
            numpys = histogram(x, y, (size, size), limits)
            total = histogram(x, y, (size, size), limits, weights=z)
            x_edges, y_edges = (np.linspace(*range_, size + 1).astype(dtype) for range_ in limits)
            on_edge = np.isin(x, x_edges) | np.isin(y, y_edges)
            theirs = datashader.Canvas(size, size, *limits).points(frame[~on_edge], "x", "y", both)
            kept_back = histogram(x[on_edge], y[on_edge], (size, size), limits)
            label = f"{rows:,} points in {size}x{size} cells, {rounded.dtype.name}"
            check(f"{label}: counts are numpy.histogram2d's", np.array_equal(count, numpys))
            check(f"{label}: counts are datashader's", np.array_equal(count - kept_back, theirs["count"].values[::-1]))
            occupied = numpys > 0
            check(f"{label}: means are NaN where there is no point", np.array_equal(np.isnan(mean), ~occupied))
            expected = (total[occupied] / numpys[occupied]).astype(np.float32)
            check(f"{label}: means are numpy.histogram2d's", np.array_equal(mean[occupied], expected))
            near = np.abs(mean - theirs["mean"].values[::-1])[occupied] <= np.spacing(np.abs(mean[occupied]))
            near |= kept_back[occupied] > 0
            check(f"{label}: means are datashader's to a unit in the last place", near.all())


def check_tiff(folder, points):
    out = folder / "tags.tiff"
    run("bin2d", points, "-o", out, "--size", "200x100", "--extent", "-5,15,-8,2", "--reduce", "count,mean,max")
    with tifffile.TiffFile(out) as file:
        names = [page.tags["PageName"].value for page in file.pages]
        check("tifffile reads every page by name", names == ["count", "mean", "max"])
        check("the pages are 32-bit floats", all(page.dtype == np.float32 for page in file.pages))
        description = json.loads(file.pages[0].description)
        check("the description is JSON with the extent",
              description["extent"] == {"xmin": -5.0, "xmax": 15.0, "ymin": -8.0, "ymax": 2.0})
    for page in (1, 2, 3):
        text = subprocess.run(["gdalinfo", "-json", f"GTIFF_DIR:{page}:{out}"], check=True, capture_output=True)
        info = json.loads(text.stdout)
        check(f"gdalinfo shows the extent of page {page}",
              info["geoTransform"] == [-5.0, 0.1, 0.0, 2.0, 0.0, -0.1]
              and info["cornerCoordinates"]["lowerRight"] == [15.0, -8.0])
        check(f"gdalinfo shows nodata of page {page}", info["bands"][0]["noDataValue"] == "NaN"
              and info["bands"][0]["type"] == "Float32")
        plain = subprocess.run(["gdalinfo", f"GTIFF_DIR:{page}:{out}"], check=True, capture_output=True)
        check(f"gdalinfo has no complaint about page {page}", not plain.stderr)
    with rasterio.open(out) as grid:
        check("rasterio shows the bounds", tuple(grid.bounds) == (-5, -8, 15, 2) and np.isnan(grid.nodata))


def check_compressed(folder, points):
    plain, out = folder / "plain.tiff", folder / "deflate.tiff"
    run("bin2d", points, "-o", plain, "--size", "900x700")
    run("bin2d", points, "-o", out, "--size", "900x700", "--compress", "deflate")
    check("a compressed grid is smaller", out.stat().st_size * 1.5 < plain.stat().st_size)
    for page in (0, 1):
        expected = tifffile.imread(plain, key=page)
        check(f"tifffile reads the same from compressed page {page}",
              np.array_equal(tifffile.imread(out, key=page), expected, equal_nan=True))
        with rasterio.open(f"GTIFF_DIR:{page + 1}:{out}") as grid:
            check(f"rasterio reads the same from compressed page {page}",
                  np.array_equal(grid.read(1), expected, equal_nan=True) and grid.compression.name == "deflate")


def check_many(folder):
    """More points in a cell than 32-bit floats can count: that page alone has 64 bits."""
    number = (1 << 24) + 1
    x = folder / "x.npy"
    np.save(x, np.concatenate([np.zeros(number, np.float32), [np.float32(1)]]))
    points, out = folder / "many.points", folder / "many.tiff"
    run("ingest", x, x, x, "-o", points)
    for compress in ("none", "deflate"):
        run("bin2d", points, "-o", out, "--size", "2", "--compress", compress)
        count, mean = tifffile.imread(out, key=0), tifffile.imread(out, key=1)
        check(f"tifffile reads pages of two types, {compress}",
              count.dtype == np.float64 and mean.dtype == np.float32
              and np.array_equal(count, [[0, 1], [number, 0]]))
        for page, kind, values in ((1, "Float64", count), (2, "Float32", mean)):
            text = subprocess.run(["gdalinfo", "-json", f"GTIFF_DIR:{page}:{out}"], check=True, capture_output=True)
            check(f"gdalinfo shows the type of page {page}, {compress}",
                  json.loads(text.stdout)["bands"][0]["type"] == kind)
            with rasterio.open(f"GTIFF_DIR:{page}:{out}") as grid:
                check(f"rasterio reads page {page}, {compress}",
                      np.array_equal(grid.read(1), values, equal_nan=True))


def check_pictures():
    for kernels in ("exact", "native"):
        script = Path(__file__).with_name("pictures.py")
        done = subprocess.run([sys.executable, script, PROGRAM, kernels])
        check(f"pictures, {kernels}", done.returncode == 0)
    script = Path(__file__).with_name("spread.py")
    done = subprocess.run([sys.executable, script, PROGRAM, "exact"])
    check("pictures of markers", done.returncode == 0)
    script = Path(__file__).with_name("scatter.py")
    done = subprocess.run([sys.executable, script, PROGRAM])
    check("pictures of scatter", done.returncode == 0)
    done = subprocess.run([sys.executable, Path(__file__).with_name("over.py"), PROGRAM])
    check("points in colors of their own", done.returncode == 0)
    done = subprocess.run([sys.executable, Path(__file__).with_name("figure.py"), PROGRAM])
    check("figures", done.returncode == 0)


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    path, x, y, z = write_points(folder)
    points = check_columns(folder, path, x, y, z)
    check_arrays(folder)
    check_grids(folder, points, x, y, z)
    check_lattices(folder)
    check_reductions(folder)
    check_many_points(folder)
    check_tiff(folder, points)
    check_compressed(folder, points)
    check_many(folder)
    check_pictures()
    check_color_tables(folder)
    check_lists(folder)
