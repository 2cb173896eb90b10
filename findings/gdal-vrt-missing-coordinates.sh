#!/usr/bin/env bash
# GDAL 3.12.4 (pyogrio 0.13.0 from PyPI; 3.6.2 of Debian 12 does the same): a CSV file through a VRT with
# encoding="PointFromColumns", which is the recipe of gdal_grid's own page.
#
# Expected: a row whose coordinate is empty or `n/a` has no point, as the CSV driver does by itself with X_POSSIBLE_NAMES.
# Seen: the coordinate is 0, and the point is drawn on the equator or the prime meridian: POINT Z (0 21.5 4). The field
# beside it keeps its true text, and nothing is said. A missing z is 0, too. Only the word `nan` gives an empty point.
#
# Exits with 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyogrio==0.13.0 numpy==2.4.6
cd "$folder"
cat > points.csv <<'END'
lon,lat,h
10.5,20.5,3
,21.5,4
11.5,,5
12.5,n/a,6
13.5,22.5,
nan,23.5,7
END
cat > points.vrt <<'END'
<OGRVRTDataSource><OGRVRTLayer name="points">
  <SrcDataSource relativeToVRT="1">points.csv</SrcDataSource>
  <GeometryType>wkbPoint</GeometryType>
  <GeometryField encoding="PointFromColumns" x="lon" y="lat" z="h"/>
</OGRVRTLayer></OGRVRTDataSource>
END
cat > look.py <<'END'
import struct, sys, warnings
import pyogrio

warnings.simplefilter("ignore")

def points(path, **options):
    geometries = pyogrio.raw.read(path, **options)[2]
    for wkb in geometries:
        if wkb is None:
            yield None
        else:
            count = (len(wkb) - 5) // 8
            yield struct.unpack(f"<{count}d", wkb[5:])

through_vrt = list(points("points.vrt"))
by_itself = list(points("points.csv", X_POSSIBLE_NAMES="lon", Y_POSSIBLE_NAMES="lat", Z_POSSIBLE_NAMES="h"))
print("pyogrio", pyogrio.__version__, "GDAL", pyogrio.__gdal_version__)
for line, vrt, csv in zip(open("points.csv").read().split()[1:], through_vrt, by_itself):
    print(f"{line:14} through the VRT: {vrt!s:22} by the CSV driver: {csv}")
as_seen = (through_vrt[:5] == [(10.5, 20.5, 3), (0, 21.5, 4), (11.5, 0, 5), (12.5, 0, 6), (13.5, 22.5, 0)]
           and by_itself[1:4] == [None] * 3)
sys.exit(0 if as_seen else 1)
END
venv/bin/python look.py
