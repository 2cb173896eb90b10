#!/usr/bin/env bash
# GMT 6.4.0 (Debian 12): -i with a column twice, as for circles whose size and colour are one column (-i0,1,2,2+s0.01),
# and a NaN in that column.
#
# Expected: what happens without the repetition: the row with the NaN is kept, or left out by itself.
# Seen: `gmt select` and `gmt plot` end there, so that all rows after it are lost; `gmt convert` writes nothing at all and
# its exit code is 0. Where the NaN is in another column that is used twice, the columns behind it move up and the last is
# filled with the value of the row before. Of a lost row and a wrong value select and plot say no more than a warning,
# "Mismatch between actual (3) and expected (4) fields near line 3".
#
# Exits with 0 while that is so.
set -euo pipefail
command -v gmt >/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gmt >/dev/null
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
gmt --version
[ "$(gmt --version)" = 6.4.0 ]
printf '1 2 3\n10 20 30\n4 5 NaN\n7 8 9\n11 12 13\n' > points.txt
gmt makecpt -Chot -T0/100 > hot.cpt
circles() { grep -c ' Sc$' "$1"; }

once=$(gmt select points.txt -i0,1,2 | wc -l)
twice=$(gmt select points.txt -i0,1,2,2 2>> said | wc -l) || true
converted=$(gmt convert points.txt -i0,1,2,2 2>> said | wc -l) && code=0 || code=$?
echo "rows of 5: select -i0,1,2 $once, select -i0,1,2,2 $twice, convert -i0,1,2,2 $converted with exit code $code"

gmt psxy points.txt -R0/20/0/30 -JX10c -Chot.cpt -Sc0.2c -i0,1,2 > once.ps
gmt psxy points.txt -R0/20/0/30 -JX10c -Chot.cpt -Sc -i0,1,2,2+s0.01 > twice.ps 2>> said || true
echo "circles: one size $(circles once.ps), sized by z $(circles twice.ps)"

shifted=$(printf '1 2 3\n10 20 30\n7 NaN 9\n11 12 13\n' | gmt select -i0,1,1,2 2>> said | sed -n 3p) || true
echo "7 NaN 9 with -i0,1,1,2: $(echo $shifted)"
sort -u said

[ "$once" = 5 ] && [ "$twice" = 2 ] && [ "$converted" = 0 ] && [ "$code" = 0 ]
[ "$(circles once.ps)" = 5 ] && [ "$(circles twice.ps)" = 2 ]
[ "$(echo $shifted)" = "7 NaN 9 30" ]
! grep -q ERROR <(gmt select points.txt -i0,1,2,2 2>&1)
