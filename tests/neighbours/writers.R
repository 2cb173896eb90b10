# Writes the tables of by_programs.py in the ways that R has. Usage: Rscript writers.R FOLDER TABLES
arguments <- commandArgs(TRUE)
setwd(arguments[1])
suppressMessages(library(data.table))

for (at in seq_len(as.integer(arguments[2])) - 1) {
  columns <- read.table(paste0(at, ".columns"), sep = "\t", colClasses = "character", col.names = c("name", "kind", "rows"))
  d <- lapply(seq_len(nrow(columns)), function(i) {
    file <- paste0(at, ".", i - 1)
    if (columns$kind[i] == "number") readBin(file, "double", as.integer(columns$rows[i])) else readLines(file)
  })
  names(d) <- columns$name
  d <- data.frame(d, check.names = FALSE)
  to <- function(way) paste0(way, "-", at, ".txt")
  write.table(d, to("write.table"))
  write.table(d, to("write.table, no row names"), row.names = FALSE)
  write.table(d, to("write.table, tabs, no quotes"), row.names = FALSE, quote = FALSE, sep = "\t")
  write.table(d, to("write.table, no names"), row.names = FALSE, col.names = FALSE)
  write.table(d, to("write.table, col.names=NA"), col.names = NA, sep = "\t", dec = ",")
  write.csv(d, to("write.csv"))
  write.csv(d, to("write.csv, no row names"), row.names = FALSE, na = "")
  write.csv(format(d, digits = 17), to("write.csv of format"), row.names = FALSE)
  write.csv2(d, to("write.csv2"))
  m <- as.matrix(d[, columns$kind == "number"])
  write(t(m), to("write"), ncolumns = ncol(m))
  fwrite(d, to("fwrite"))
  fwrite(d, to("fwrite, tabs, row names"), sep = "\t", row.names = TRUE, na = "NA")
  fwrite(d, to("fwrite, decimal commas"), sep = ";", dec = ",")
  w <- d
  for (i in which(columns$kind != "number")) w[[i]] <- rep_len(c("a", "B7", "M-31"), nrow(d))
  sink(to("print"))
  options(width = 10000, max.print = 1e6)
  print(w)
  sink()
}
