#!/usr/bin/env bash
# gawk 5.2.1 and mawk 1.3.4-20200120 (Debian 12, whose awk is mawk): one program, `{ print $1 * 1, $2 + 0 }`, and points
# with a missing value and times in milliseconds.
#
# Expected: the same points from both; NaN stays NaN; whole numbers up to 2^53 keep their digits, as POSIX says of print.
# Seen: gawk makes 0 of `nan` and `inf` and keeps NaN for `-nan` (it wants a sign): a missing value becomes a point on
# the axis, or not, by how the C library spelt it. mawk keeps NaN, but writes whole numbers beyond 2^31-1 with six digits:
# 1700000000000 becomes 1.7e+12, a quarter of an hour of points one column; its printf %d gives 2147483647. Neither
# says anything.
#
# Exits with 0 while that is so.
set -euo pipefail
command -v gawk >/dev/null && command -v mawk >/dev/null || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends gawk mawk >/dev/null
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
printf '1700000000000 1.5\n1700000000500 nan\n1700000001000 -nan\n1700000999000 inf\n' > points.txt
gawk --version | head -1
mawk -W version 2>&1 | head -1
for awk in gawk mawk; do
    "$awk" '{ print $1 * 1, $2 + 0 }' points.txt > "$awk.txt"
    "$awk" '{ printf "%d\n", $1 * 1 }' points.txt > "$awk.d"
done
[[ "$(gawk --version)" = *"GNU Awk 5.2.1"* && "$(mawk -W version 2>&1)" = *"mawk 1.3.4 20200120"* ]]
echo "in, gawk, mawk, mawk %d:"
paste points.txt gawk.txt mawk.txt mawk.d | column -t
[ "$(cut -d' ' -f2 gawk.txt | tr '\n' ' ')" = "1.5 0 -nan 0 " ]
[ "$(cut -d' ' -f1 gawk.txt | sort -u | wc -l)" = 4 ]
[ "$(cut -d' ' -f2 mawk.txt | tr '\n' ' ')" = "1.5 nan -nan inf " ]
[ "$(cut -d' ' -f1 mawk.txt | sort -u)" = 1.7e+12 ]
[ "$(sort -u mawk.d)" = 2147483647 ]
