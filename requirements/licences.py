"""Lists the licence of every package that an image or `make run` installs, as its own metadata states it.

Run by `make licences`; `ARGS="bot worker"` names lists. Exit status 1 if a package states none. Only what is
installed in this environment can be read; what other platforms need is counted at the end.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LISTS = ("bot", "worker", "sandbox")
PHRASES = {"Apache License, Version 2.0": "Apache-2.0", "Permission is hereby granted, free of charge": "MIT"}
LONGEST = 60  # characters; some packages put the whole text where its name belongs


def names_in(lists: tuple[str, ...]) -> list[str]:
    """The packages that the lists pin, sorted."""
    text = "\n".join((FOLDER / f"{name}.txt").read_text() for name in lists)
    return sorted(set(re.findall(r"^([a-z0-9][a-z0-9.-]*)==", text, re.MULTILINE)))


def licence_of(found: Distribution) -> str:
    """What a package's metadata states, else what its licence file begins with; '' where neither is known."""
    data = found.metadata
    stated = [one.rpartition(":: ")[2] for one in data.get_all("Classifier") or () if one.startswith("License ::")]
    for said in (data.get("License-Expression"), "; ".join(stated), data.get("License")):
        line = (said or "").strip().partition("\n")[0]
        if line and line != "UNKNOWN":
            return line[:LONGEST]
    for file in found.files or ():
        if "licen" in file.name.lower():
            text = " ".join(Path(str(found.locate_file(file))).read_text(errors="replace").split())
            return next((name for phrase, name in PHRASES.items() if phrase in text), "")
    return ""


def main(arguments: list[str]) -> int:
    """Print a line for each package; the exit status."""
    rows, silent, absent = [], [], 0
    for name in names_in(tuple(arguments) or LISTS):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            absent += 1
            continue
        licence = licence_of(found)
        rows.append((name, found.version, licence or "(none stated)"))
        silent += [] if licence else [name]
    for name, version, licence in rows:
        sys.stdout.write(f"{name:32} {version:14} {licence}\n")
    sys.stdout.write(f"{len(rows)} packages; {absent} more are for other platforms\n")
    if silent:
        sys.stderr.write(f"These state no licence: {', '.join(silent)}. Look at their pages.\n")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
