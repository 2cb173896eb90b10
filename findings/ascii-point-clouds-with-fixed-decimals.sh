#!/bin/sh
# trimesh 5.2.0 and pypcd4 1.5.1 write the numbers of ASCII files with a fixed count of decimals (8 in PLY, OBJ and XYZ, 10
# in PCD) rather than a fixed count of digits. A cloud in metres whose points lie 2 nm apart is one point afterwards,
# and a value of 1e-12 is zero, without a word; the binary files of the same programs keep both. Exits with 1 once that
# has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet trimesh==5.2.0 pypcd4==1.5.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import pypcd4
import trimesh

points = np.array([[0, 0, 0], [2e-9, 0, 0], [0, 2e-9, 0]])
cloud = trimesh.Trimesh(points, [[0, 1, 2]], process=False)


def distinct(name, **options):
    cloud.export(name, **options)
    back = trimesh.load(name, process=False)
    return len(np.unique(back.vertices, axis=0))


print(f"trimesh {trimesh.__version__}: of 3 points 2 nm apart there are left")
left = {
    "PLY, binary": distinct("a.ply"),
    "PLY, ASCII": distinct("b.ply", encoding="ascii"),
    "OBJ": distinct("c.obj"),
}
for what, count in left.items():
    print(f"  {what}: {count}")

fields = ("x", "y", "z")
small = pypcd4.PointCloud.from_points(np.array([[1e-12, 1, 2]]), fields, (np.float64,) * 3)
kept = {}
for encoding in (pypcd4.Encoding.BINARY, pypcd4.Encoding.ASCII):
    small.save("d.pcd", encoding)
    kept[encoding.value] = float(pypcd4.PointCloud.from_path("d.pcd").numpy(fields)[0, 0])
print(f"pypcd4: 1e-12 comes back as {kept}")

expected = list(left.values()) == [3, 1, 1] and list(kept.values()) == [1e-12, 0.0]
raise SystemExit(0 if expected else 1)
PYTHON
