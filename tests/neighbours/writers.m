% Writes the tables of by_programs.py in the ways that Octave has. Usage: octave writers.m FOLDER TABLES
arguments = argv();
cd(arguments{1});
for at = 0:str2num(arguments{2}) - 1
  file = fopen(sprintf("%d.shape", at)); shape = fscanf(file, "%d"); fclose(file);
  file = fopen(sprintf("%d.matrix", at)); m = fread(file, shape', "double"); fclose(file);
  to = @(way) sprintf("%s-%d.txt", way, at);
  save("-ascii", to("save -ascii"), "m");
  save("-ascii", "-double", "-tabs", to("save -ascii -double -tabs"), "m");
  save("-text", to("save"), "m");
  dlmwrite(to("dlmwrite"), m);
  dlmwrite(to("dlmwrite, tabs"), m, "\t");
  dlmwrite(to("dlmwrite, %.17g"), m, "delimiter", " ", "precision", "%.17g");
  csvwrite(to("csvwrite"), m);
endfor
