#!/usr/bin/env bash
# data.table 1.14.8 (Debian 12; issue 2398 of its repository has been open since 2017): fwrite and numbers below
# 2.2e-308, such as the p-values of a Manhattan plot.
#
# Expected: what write.csv of the same R writes, 1e-310 and 1e-320, of which -log10 is 310 and 320; fewer digits at worst.
# Seen: 1.1175369292536e-308 and 1.1125369292551e-308. They are not rounded but wrong by up to 16 orders of magnitude:
# everything from 5e-324 to 1e-309 is written as 1.1…e-308, so that the highest peaks end in one flat line at 307.95.
# Nothing is said, and fread, which reads such text well, gives the wrong numbers back.
#
# Exits with 0 while that is so.
set -euo pipefail
[ -d /usr/lib/R/site-library/data.table ] || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends r-base-core r-cran-data.table >/dev/null
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > look.R <<'END'
suppressMessages(library(data.table))
p <- c(1e-300, 1e-308, 1e-310, 1e-315, 1e-320, 5e-324)
fwrite(data.table(p), "fwrite.csv")
write.csv(data.frame(p), "write.csv", row.names = FALSE)
written <- as.numeric(readLines("fwrite.csv")[-1])
base <- as.numeric(readLines("write.csv")[-1])
cat("data.table", as.character(packageVersion("data.table")), "\n")
print(data.frame(p, fwrite = readLines("fwrite.csv")[-1], write.csv = readLines("write.csv")[-1],
                 peak = -log10(p), peak.of.fwrite = -log10(written)), digits = 6)
tiny <- p < 1e-309
seen <- packageVersion("data.table") == "1.14.8" && written[1] == p[1] && all(written[tiny] > 1.1e-308 & written[tiny] < 1.12e-308) && all(abs(base / p - 1) < 1e-3) &&
  all(abs(fread("write.csv")$p / p - 1) < 1e-3)
quit(status = if (seen) 0 else 1)
END
Rscript --vanilla look.R
