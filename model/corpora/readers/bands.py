"""Music with drums: the Groove MIDI Dataset, Freedoom's music (BSD) and Tanner Helland's (CC BY).

Freedoom's and Helland's are plain MIDI files; each is rewritten once, with a title and a style. Groove's drummers play
to a click, some milliseconds off it, which a grid of 24 to the quarter would turn into ragged doubles. So each beat's
strokes move to the coarsest grid that fits them: sixteenths, triplets, thirty-seconds or their triplets. Pads that the
recording kit has beyond General MIDI sound as their neighbours.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.corpora.downloads import is_made, name_of, seal, write_whole
from model.corpora.sources import MIDI_SUFFIXES, read_files, style_name
from model.errors import DataError, MidiError
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import Piece

FREEDOOM_LICENCE = "BSD 3-clause, the Freedoom project (https://freedoom.github.io)"
FREE_MUSIC_LICENCE = "CC BY 4.0, Tanner Helland (https://tannerhelland.com)"
SOUND_EFFECTS = range(120, 128)  # General MIDI programs that play no notes one could sing
FEWEST_NOTES = 100  # of a file; less is a jingle or a placeholder
LICENCE = "CC BY 4.0, Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck and David Bamman (Groove MIDI Dataset)"
TABLE = "info.csv"
KEYS = {22: 42, 26: 46, 40: 38, 58: 43, 47: 45}  # hi-hat edges, rim shot, rim of the floor tom, doubled tom
STYLES = ("rock", "funk", "jazz", "latin", "hiphop", "soul", "afrocuban")  # with enough drumming to be learned
GRIDS = (4, 3, 8, 6)  # parts of a beat, the most usual first
COST = 0.012  # quarters by which each stroke must be nearer to a grid than to the one before it in GRIDS
FEWEST_STROKES = 16


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
    """`piece` without sound effects such as wind, birds and gunshots, whose pitches mean nothing."""
    is_kept = [one.is_drum or one.program not in SOUND_EFFECTS for one in piece.instruments]
    kept = [index for index, keep in enumerate(is_kept) if keep]
    places = {index: place for place, index in enumerate(kept)}
    notes = piece.notes[[index in places for index in piece.notes["instrument"].tolist()]].copy()
    notes["instrument"] = [places[index] for index in notes["instrument"].tolist()]
    pedals = piece.pedals[[index in places for index in piece.pedals["instrument"].tolist()]].copy()
    pedals["instrument"] = [places[index] for index in pedals["instrument"].tolist()]
    return replace(piece, notes=notes, pedals=pedals, instruments=tuple(piece.instruments[index] for index in kept))


def prepare(source: Path | None, part: str, prepared: Path, is_published: bool) -> tuple[tuple[Path, ...], str, bool]:
    """A folder of MIDI files of the performances in the archive or folder `source`, their licence, and that it is free.

    Raises:
        DataError: when the table or the performances are not there, or the folder cannot be written.
    """
    if source is None:
        raise DataError("The drum performances are made from their published archive: name a copy with --from.")
    files = read_files(source, (".mid", ".csv"))
    tables = [name for name in sorted(files) if name.split("/")[-1] == TABLE]
    if not tables:
        raise DataError(f"There is no {TABLE} in {source}: name the published archive, or the folder unpacked from it.")
    content = b"".join(hashlib.sha256(files[name]).digest() for name in sorted(files))
    folder = prepared / name_of("groove", content, "bands")
    if is_made(folder):
        return (folder,), LICENCE, False
    root = tables[0][: -len(TABLE)]
    rows = [("midi_filename", "style", "split")]
    for row in tqdm(list(csv.DictReader(io.StringIO(files[tables[0]].decode()))), desc="groove", file=sys.stderr):
        data = files.get(root + row.get("midi_filename", ""))
        piece = None if data is None else _performance(data)
        if piece is not None and len(piece) >= FEWEST_STROKES:
            target = style_name(row["id"]) + ".mid"
            write_whole(folder / target, write_midi(piece))
            rows.append((target, drum_style(row["style"]), row["split"]))
    if len(rows) == 1:
        raise DataError(f"None of the performances that {TABLE} names is in {source}.")
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    write_whole(folder / "table.csv", text.getvalue().encode())
    seal(folder)
    return (folder,), LICENCE, False


def drum_style(published: str) -> str:
    """'drums-funk' for 'funk/groove1'; 'drums' for rare styles."""
    kind = style_name(published.split("/")[0])
    return f"drums-{kind}" if kind in STYLES else "drums"


def _performance(data: bytes) -> Piece | None:
    try:
        return on_the_click(read_midi(data, MidiLimits.for_data()).piece)
    except MidiError:
        return None


def on_the_click(piece: Piece) -> Piece:
    """`piece` with its strokes on the grid of each beat and on the keys of General MIDI."""
    notes = piece.notes.copy()
    notes["onset"] = snapped(notes["onset"], piece.ticks_per_quarter)
    for pad, key in KEYS.items():
        notes["pitch"][notes["pitch"] == pad] = key
    drums = tuple(replace(one, is_drum=True) for one in piece.instruments)
    return replace(piece, notes=notes, instruments=drums)


def snapped(onsets: NDArray[np.int64], ticks_per_quarter: int) -> NDArray[np.int64]:
    """Each onset (ticks, in rising order) on the grid that fits the strokes of its beat best.

    A stroke belongs to the beat before it, or to the next beat if it is less than a 32nd early.
    """
    beats = onsets / ticks_per_quarter
    numbers = np.floor(beats + 1 / 8).astype(np.int64)
    moved = beats.copy()
    for number in np.unique(numbers):
        mine = numbers == number
        fits = [np.rint(beats[mine] * parts) / parts for parts in GRIDS]
        costs = [np.abs(fit - beats[mine]).sum() + COST * rank * mine.sum() for rank, fit in enumerate(fits)]
        moved[mine] = fits[int(np.argmin(costs))]
    return np.rint(np.maximum(moved, 0) * ticks_per_quarter).astype(np.int64)
