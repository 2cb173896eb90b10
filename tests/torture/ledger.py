"""What was promised and what happened: a row a fault, as a table, as JSON and as Markdown."""

import json
import re

COMMANDS = "ingest", "bin2d", "merge", "colorize", "figure", "render", "scatter"
KEPT = 6  # descriptions of broken promises that a row keeps


class Row:
    """One fault: how often it was tried, and what came of it."""

    def __init__(self, family, fault, promised):
        self.family, self.fault, self.promised = family, fault, promised
        self.tried, self.broke, self.examples, self.counts, self.skipped = 0, 0, [], {}, None

    def trial(self, problems, *counts, what=""):
        """One trial with what was wrong in it, and words to be counted for the table."""
        self.tried += 1
        for word in counts:
            self.counts[word] = self.counts.get(word, 0) + 1
        problems = [problem for problem in problems if problem]
        if problems:
            self.broke += 1
            if len(self.examples) < KEPT:
                self.examples.append(f"{what}: " * bool(what) + "; ".join(problems))

    def skip(self, why):
        self.skipped = why
        return self

    @property
    def happened(self):
        if self.skipped:
            return f"skipped: {self.skipped}"
        if not self.tried:
            return "not tried"
        counts = ", ".join(f"{number} {word}" for word, number in sorted(self.counts.items()))
        return (f"broken {self.broke} times" if self.broke else "as promised") + f" ({counts})" * bool(counts)

    def as_json(self):
        return {"family": self.family, "fault": self.fault, "tried": self.tried, "promised": self.promised,
                "happened": self.happened, "broke": self.broke, "examples": self.examples}


class Ledger:
    """All rows of a run."""

    def __init__(self, facts):
        self.facts, self.rows = facts, []

    def row(self, family, fault, promised):
        self.rows.append(Row(family, fault, promised))
        return self.rows[-1]

    @property
    def broke(self):
        return sum(row.broke for row in self.rows)

    def write(self, path):
        path.write_text(json.dumps({**self.facts, "rows": [row.as_json() for row in self.rows]}, indent=2) + "\n")

    def print(self):
        cells = [("fault", "tried", "promised", "happened")]
        cells += [(f"{row.family}: {row.fault}", str(row.tried), row.promised, row.happened) for row in self.rows]
        widths = [max(len(row[at]) for row in cells) for at in range(3)]
        for fault, tried, promised, happened in cells:
            print(f"{fault:{widths[0]}}  {tried:>{widths[1]}}  {promised:{widths[2]}}  {happened}")
        print(f"\n{sum(row.tried for row in self.rows)} trials, promises broken in {self.broke}")


def markdown(path):
    """The table of a report, for a document: what was tried on several commands is one row."""
    report = json.loads(path.read_text())
    rows = {}
    for row in report["rows"]:
        command, _, fault = row["fault"].partition(", ")
        is_of_command = fault and command.split()[0] in COMMANDS
        fault = re.sub(r"^\d+ options", "options", fault) if is_of_command else row["fault"]
        key = row["family"], fault, row["promised"]
        tried, broke, counts = rows.setdefault(key, [0, 0, {}])
        for number, word in re.findall(r"(\d+) ([^,()]+)", row["happened"].partition("(")[2]):
            counts[word] = counts.get(word, 0) + int(number)
        rows[key][:2] = tried + row["tried"], broke + row["broke"]
    lines = ["| fault | times tried | promised | happened |", "|---|---:|---|---|"]
    for (family, fault, promised), (tried, broke, counts) in rows.items():
        words = ", ".join(f"{number:,} {word}" for word, number in counts.items() if "most" not in word and "last" not in word)
        happened = (f"broken {broke} times" if broke else "as promised") + f" ({words})" * bool(words)
        cells = f"{family}: {fault}", f"{tried:,}" if tried else "not here", promised, happened if tried else "-"
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)
