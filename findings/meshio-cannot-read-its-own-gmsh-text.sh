#!/bin/sh
# meshio 5.3.5 writes ASCII gmsh files (4.1) with point data that it cannot read again beside NumPy 2.4, though it can beside
# 1.26: it reads a section of numbers with numpy.fromfile(sep=" ") up to the word behind it. The same mesh without data, or in
# binary, comes back. Exits with 1 once that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet meshio==5.3.5 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import meshio
import numpy as np

points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]])
data = {"height": np.arange(3.0)}
outcomes = {}
for what, fields, binary in [("bare text", {}, False), ("text with data", data, False), ("binary with data", data, True)]:
    mesh = meshio.Mesh(points, [("triangle", np.array([[0, 1, 2]]))], point_data=fields)
    mesh.write("a.msh", file_format="gmsh", binary=binary)
    try:
        outcomes[what] = f"{len(meshio.read('a.msh').points)} points"
    except ValueError as error:
        outcomes[what] = f"ValueError: {error}"
print(f"meshio {meshio.__version__}, NumPy {np.__version__}")
for what, outcome in outcomes.items():
    print(f"  {what}: {outcome}")
bare, text, binary = outcomes.values()
expected = bare == binary == "3 points" and text.startswith("ValueError")
raise SystemExit(0 if expected else 1)
PYTHON
