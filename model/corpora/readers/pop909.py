"""POP909: the main version of each song, aligned to its published beats, with an instrument for each track.

The published files have one steady tempo, random bar lines, and a piano for every track. `beat_midi.txt` beside them
gives beats and downbeats; the notes are moved to them tick for tick, so only the steady drift of their timing is lost.
The song's number decides which instruments play the melody, the second melody and the accompaniment: otherwise a
network would learn that 'pop' means three pianos.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from model.corpora.downloads import is_made, name_of, seal, write_whole
from model.corpora.sources import read_files
from model.errors import DataError, MidiError
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import METER, TEMPO, Instrument, Piece, table

LICENCE = "MIT (the encodings)"
STYLE = "pop"
SONGS_DIGEST = "13d6b09d97a78c2d456d0a437fa3247c7553a40ce29bd915f790f8cdcde04078"  # of the 909 songs, see songs_digest
MAIN_VERSION = re.compile(r"(?:.*/)?(\d{3})/\1\.mid")
TICKS_PER_QUARTER = 480
FEWEST_BEATS = 16
TEMPO_STEP = 0.03  # relative change from which on a beat gets a tempo of its own
PROGRAMS = {  # General MIDI: what plays each track
    "MELODY": (73, 40, 65, 53, 71, 11, 0, 68),
    "BRIDGE": (48, 24, 4, 61, 42, 49, 25, 44),
    "PIANO": (0, 0, 0, 0, 24, 4, 0, 2),
}


def prepare(source: Path | None, part: str, prepared: Path, is_published: bool) -> tuple[tuple[Path, ...], str, bool]:
    """The folder of MIDI files made of the archive or folder `source`, its licence, and that it is not restricted.

    `part` is ignored. A song with invalid beats stays as it was published.

    Raises:
        DataError: it holds no song, or, if `is_published`, other songs than the published ones.
    """
    if source is None:
        raise DataError("POP909 is made from its published archive: name a copy with --from.")
    files = read_files(source, (".mid", "beat_midi.txt"))
    songs = {match[1]: name for name in sorted(files) if (match := MAIN_VERSION.fullmatch(name))}
    if not songs:
        raise DataError(f"No song of POP909 (001/001.mid and so on) is in {source}.")
    if is_published and (found := songs_digest([files[name] for name in songs.values()])) != SONGS_DIGEST:
        raise DataError(f"The songs in {source} are not the published ones ({found}). Delete it and fetch it again.")
    content = b"".join(hashlib.sha256(files[name]).digest() for name in sorted(files))
    folder = prepared / name_of("pop909", content, "pop909")
    if not is_made(folder):
        for number, name in tqdm(songs.items(), desc="POP909", unit="song", file=sys.stderr):
            beats = files.get(name.replace(f"{number}.mid", "beat_midi.txt"), b"")
            write_whole(folder / f"{number}.mid", _song(files[name], beats, number))
        rows = "\n".join(["midi_filename,style", *(f"{number}.mid,{STYLE}" for number in songs)])
        write_whole(folder / "table.csv", rows.encode())
        seal(folder)
    return (folder,), LICENCE, False


def songs_digest(songs: list[bytes]) -> str:
    """SHA-256 over the sorted git identifiers of the songs, which is independent of the archive."""
    # git names a file by SHA-1; here it only says which file is meant
    ids = [hashlib.sha1(b"blob %d\0" % len(song) + song, usedforsecurity=False).hexdigest() for song in songs]
    return hashlib.sha256("".join(sorted(ids)).encode()).hexdigest()


def _song(data: bytes, beats: bytes, number: str) -> bytes:
    try:
        piece = read_midi(data, MidiLimits.for_data()).piece
    except MidiError:
        return data  # encoding refuses it, with the reason
    return write_midi(_orchestrated(on_beats(piece, beats), number))


def on_beats(piece: Piece, beats: bytes) -> Piece:
    """`piece` with its notes on the grid of `beats`, one beat a line: seconds, then marks, the last 1 on downbeats.

    Unchanged if the beats are invalid: too few, out of order, or without a regular bar of 2, 3 or 4.
    """
    grid = _grid(beats)
    if grid is None:
        return piece
    times, bar, upbeat = grid

    def ticks(seconds: NDArray) -> NDArray[np.int64]:
        inside = np.interp(seconds, times, np.arange(len(times)))
        inside = np.where(seconds < times[0], (seconds - times[0]) / (times[1] - times[0]), inside)
        late = len(times) - 1 + (seconds - times[-1]) / (times[-1] - times[-2])
        return np.rint((np.where(seconds > times[-1], late, inside) + upbeat) * TICKS_PER_QUARTER).astype(np.int64)

    notes, pedals = piece.notes.copy(), piece.pedals.copy()
    for rows in (notes, pedals):
        start, end = ticks(piece.seconds_at(rows["onset"])), ticks(piece.seconds_at(rows["onset"] + rows["duration"]))
        rows["onset"], rows["duration"] = start, np.maximum(end - start, 1)
    first = min([0, *notes["onset"].tolist(), *pedals["onset"].tolist()])
    shift = -(-max(-first, 0) // (bar * TICKS_PER_QUARTER)) * bar * TICKS_PER_QUARTER  # whole bars
    notes["onset"] += shift
    pedals["onset"] += shift
    tempos = [(0, round((times[1] - times[0]) * 1e6))]
    for beat, length in enumerate(np.diff(times).tolist()):
        if abs(length * 1e6 / tempos[-1][1] - 1) > TEMPO_STEP and (beat + upbeat):
            tempos.append((shift + (beat + upbeat) * TICKS_PER_QUARTER, round(length * 1e6)))
    meters = table(METER, [(0, bar, 4)])
    return Piece(notes, piece.instruments, TICKS_PER_QUARTER, table(TEMPO, tempos), meters, pedals, piece.title)


def _grid(beats: bytes) -> tuple[NDArray[np.float64], int, int] | None:
    """Seconds of each beat, beats in a bar, and the offset of the first beat from a downbeat; None if invalid."""
    if not beats.strip():
        return None
    try:
        rows = np.atleast_2d(np.loadtxt(io.BytesIO(beats), dtype=np.float64))
    except ValueError:
        return None
    times, downbeats = rows[:, 0], np.flatnonzero(rows[:, -1] > 0.5)
    if len(times) < FEWEST_BEATS or len(downbeats) < 2 or np.diff(times).min() < 0.1:
        return None
    bar = Counter(np.diff(downbeats).tolist()).most_common(1)[0][0]
    bar = 3 if bar == 6 else bar  # of songs in three every second bar is marked
    if bar not in (2, 3, 4):
        return None
    phase = Counter((downbeats % bar).tolist()).most_common(1)[0][0]
    return times, bar, (bar - phase) % bar


def _orchestrated(piece: Piece, number: str) -> Piece:
    chance = hashlib.sha256(number.encode()).digest()
    instruments: list[Instrument] = []
    for place, instrument in enumerate(piece.instruments):
        programs = PROGRAMS.get(instrument.name.strip().upper(), (instrument.program,))
        instruments.append(replace(instrument, program=programs[chance[place % len(chance)] % len(programs)]))
    return replace(piece, instruments=tuple(instruments))
