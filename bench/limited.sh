#!/usr/bin/env bash
# Runs a command in a control group whose memory, page cache included, is limited, and prints the time and the peak.
# Needs root and a mounted cgroup hierarchy, version 1 or 2.
#
#   bench/limited.sh 512M target/release/pointillist render galaxy.txt -o galaxy.png
set -euo pipefail
limit=$(numfmt --from=iec "$1")
shift
if [ -d /sys/fs/cgroup/memory ]; then
    group=/sys/fs/cgroup/memory/pointillist-$$
    maximum=memory.limit_in_bytes peak=memory.max_usage_in_bytes
else
    group=/sys/fs/cgroup/pointillist-$$
    maximum=memory.max peak=memory.peak
fi
mkdir "$group"
trap 'rmdir "$group"' EXIT
echo "$limit" >"$group/$maximum"
status=0
start=$EPOCHREALTIME
(echo "$BASHPID" >"$group/cgroup.procs" && exec "$@") || status=$?
end=$EPOCHREALTIME
printf '%s s, limit %s, peak with page cache %s\n' "$(awk "BEGIN { printf \"%.2f\", $end - $start }")" \
    "$(numfmt --to=iec "$limit")" "$(numfmt --to=iec "$(cat "$group/$peak")")"
exit $status
