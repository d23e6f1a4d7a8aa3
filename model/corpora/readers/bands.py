"""Game music for bands, with drums, bass and guitars: Freedoom's (BSD) and Tanner Helland's (CC BY).

Both are plain MIDI files; each is rewritten once, with a title and a style, and files that hold no music are left out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

from model.corpora.cache import write_whole
from model.corpora.readers.folders import is_made, name_of, seal
from model.corpora.sources import MIDI_SUFFIXES, read_files, style_name
from model.errors import DataError, MidiError
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import Piece

FREEDOOM_LICENCE = "BSD 3-clause, the Freedoom project (https://freedoom.github.io)"
FREE_MUSIC_LICENCE = "CC BY 4.0, Tanner Helland (https://tannerhelland.com)"
SOUND_EFFECTS = range(120, 128)  # General MIDI programs that play no notes one could sing
FEWEST_NOTES = 100  # of a file; less is a jingle or a placeholder


def prepare_freedoom(
    source: Path | None, part: str, prepared: Path, is_published: bool
) -> tuple[tuple[Path, ...], str, bool]:
    """A folder of MIDI files of Freedoom's music in the archive or folder `source`, its licence, and that it is free.

    Raises:
        DataError: when no MIDI file is there that can be used, or the folder cannot be written.
    """
    return _prepared(source, prepared, "freedoom", "rock"), FREEDOOM_LICENCE, False


def prepare_free_music(
    source: Path | None, part: str, prepared: Path, is_published: bool
) -> tuple[tuple[Path, ...], str, bool]:
    """The same for Tanner Helland's free game and film music."""
    return _prepared(source, prepared, "freemusic", "soundtrack"), FREE_MUSIC_LICENCE, False


def _prepared(source: Path | None, prepared: Path, name: str, style: str) -> tuple[Path, ...]:
    if source is None:
        raise DataError(f"'{name}' is made from a copy of its MIDI files: name a folder or archive with --from.")
    files = read_files(source, MIDI_SUFFIXES)
    content = b"".join(hashlib.sha256(files[file]).digest() for file in sorted(files))
    folder = prepared / name_of(name, content, "bands")
    if is_made(folder):
        return (folder,)
    rows = [("midi_filename", "style")]
    for file in sorted(files):
        try:
            piece = without_sound_effects(read_midi(files[file], MidiLimits.for_data()).piece)
        except MidiError as error:
            sys.stderr.write(f"left out {file}: {error.sentence}\n")
            continue
        if len(piece) >= FEWEST_NOTES:
            target = f"{style_name(PurePosixPath(file).stem) or 'piece'}.mid"
            write_whole(folder / target, write_midi(piece))
            rows.append((target, style))
    if len(rows) == 1:
        raise DataError(f"No MIDI file in {source} can be used.")
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    write_whole(folder / "table.csv", text.getvalue().encode())
    seal(folder)
    return (folder,)


def without_sound_effects(piece: Piece) -> Piece:
    """`piece` without what is played by wind, birds, gunshots and the like, whose pitches mean nothing."""
    is_kept = [one.is_drum or one.program not in SOUND_EFFECTS for one in piece.instruments]
    kept = [index for index, keep in enumerate(is_kept) if keep]
    places = {index: place for place, index in enumerate(kept)}
    notes = piece.notes[[index in places for index in piece.notes["instrument"].tolist()]].copy()
    notes["instrument"] = [places[index] for index in notes["instrument"].tolist()]
    pedals = piece.pedals[[index in places for index in piece.pedals["instrument"].tolist()]].copy()
    pedals["instrument"] = [places[index] for index in pedals["instrument"].tolist()]
    return replace(piece, notes=notes, pedals=pedals, instruments=tuple(piece.instruments[index] for index in kept))
