"""OpenScore's string quartets and songs (CC0): MusicXML scores as MIDI files, one for each movement.

Movements of one score belong to one work, so training keeps them on one side of its split. Scores are read in parallel,
each with a time limit; what cannot be read is listed and left out.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import sys
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from model.corpora.downloads import is_made, name_of, seal, write_whole
from model.corpora.readers.musicxml import read_musicxml
from model.corpora.sources import read_files, style_name
from model.errors import DataError
from model.isolated import IsolatedError, Message, Task, map_isolated, pack_files, unpack_files
from model.midi import write_midi
from model.piece import Instrument

LICENCE = "CC0 (OpenScore's encodings; the music is in the public domain)"
SCORES = (".mxl", ".musicxml", ".xml")
LARGEST_SCORE = 64 << 20  # bytes of an unpacked score
CONVERSION = Task("model.corpora.readers.openscore:midi_files")
LIMIT_S = 120.0  # for one score; the longest quartet takes some 5 s
FEWEST_NOTES = 48  # of a movement; less is a fragment
VIOLIN, VIOLA, CELLO = 40, 41, 42
CHOIR, SOLO_VOICE = 52, 53  # General MIDI 'Choir Aahs' and 'Voice Oohs'
VOCAL_PROGRAMS = (52, 53, 54)


@dataclass(frozen=True)
class ScoreFile:
    """One score to convert."""

    name: str
    data: bytes
    style: str
    quarter_bpm: float  # where it names none


def prepare_quartets(
    source: Path | None, part: str, prepared: Path, is_published: bool
) -> tuple[tuple[Path, ...], str, bool]:
    """A folder of MIDI files of the quartets in the archive or folder `source`, their licence, and that it is free.

    Raises:
        DataError: when no score is there or can be read, or the folder cannot be written.
    """
    return _prepared(source, prepared, "openscore-quartets", "string-quartet", (72, 92, 112, 132)), LICENCE, False


def prepare_songs(
    source: Path | None, part: str, prepared: Path, is_published: bool
) -> tuple[tuple[Path, ...], str, bool]:
    """The same for the Lieder Corpus: songs for voice and piano."""
    return _prepared(source, prepared, "openscore-lieder", "art-song", (66, 80, 96, 112)), LICENCE, False


def _prepared(
    source: Path | None, prepared: Path, name: str, style: str, tempos_bpm: tuple[int, ...]
) -> tuple[Path, ...]:
    if source is None:
        raise DataError(f"'{name}' is made from a copy of its scores: name a folder or archive of them with --from.")
    files = read_files(source, SCORES)
    if not files:
        raise DataError(f"There is no MusicXML score ({', '.join(SCORES)}) in {source}.")
    content = b"".join(hashlib.sha256(files[file]).digest() for file in sorted(files))
    folder = prepared / name_of(name, content, "openscore", "musicxml")
    if not is_made(folder):
        scores = [_score(file, files[file], style, tempos_bpm) for file in sorted(files)]
        for left_out, reason in convert(scores, folder).items():
            sys.stderr.write(f"left out {left_out}: {reason}\n")
        seal(folder)
    return (folder,)


def _score(file: str, data: bytes, style: str, tempos_bpm: tuple[int, ...]) -> ScoreFile:
    name = style_name(PurePosixPath(file).stem) or hashlib.sha256(data).hexdigest()[:12]
    return ScoreFile(name, data, style, tempos_bpm[hashlib.sha256(name.encode()).digest()[0] % len(tempos_bpm)])


def convert(scores: list[ScoreFile], folder: Path, processes: int | None = None) -> dict[str, str]:
    """Write the movements of every score and a table of them into `folder`.

    Returns:
        Why scores were left out, by their names.

    Raises:
        DataError: when nothing can be read, or the folder cannot be written.
    """
    rows: list[tuple[str, str, str]] = []
    refused: dict[str, str] = {}
    with tqdm(total=len(scores), desc=folder.name, unit="score", file=sys.stderr) as bar:
        items = (({"style": score.style, "quarter_bpm": score.quarter_bpm}, score.data) for score in scores)
        count = min(processes or os.cpu_count() or 1, len(scores))
        for index, outcome in map_isolated(CONVERSION, items, processes=count, timeout_s=LIMIT_S):
            score = scores[index]
            if isinstance(outcome, IsolatedError):
                refused[score.name] = f"It cannot be read: {outcome}."
            else:
                for number, data in enumerate(unpack_files(outcome), start=1):
                    name = f"{score.name}-{number}.mid"
                    write_whole(folder / name, data)
                    rows.append((name, score.style, score.name))
            bar.update()
    if not rows:
        raise DataError("None of the scores can be read; " + "; ".join(sorted(set(refused.values()))[:3]))
    text = io.StringIO()
    csv.writer(text).writerows([("midi_filename", "style", "work"), *sorted(rows)])
    write_whole(folder / "table.csv", text.getvalue().encode())
    return refused


def midi_files(head: dict, score: bytes) -> Message:
    """The movements of one score as MIDI files; a function for a child process (`model.isolated`)."""
    movements = read_musicxml(_unpacked(score), head["quarter_bpm"])
    return pack_files(
        [
            write_midi(replace(movement, instruments=played_by(movement.instruments, head["style"])))
            for movement in movements
            if len(movement) >= FEWEST_NOTES
        ]
    )


def _unpacked(data: bytes) -> bytes:
    """The score's text, which is the first file outside META-INF of a compressed one."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if not entry.is_dir() and not entry.filename.startswith("META-INF") and entry.file_size <= LARGEST_SCORE:
                return archive.read(entry)
    raise ValueError("there is no score in it")


def played_by(instruments: tuple[Instrument, ...], style: str) -> tuple[Instrument, ...]:
    """The instruments: a quartet has four strings whatever the score says; a single voice is a soloist, not a choir."""
    if style == "string-quartet" and len(instruments) == 4:
        programs = (VIOLIN, VIOLIN, VIOLA, CELLO)
        return tuple(replace(one, program=program) for one, program in zip(instruments, programs, strict=True))
    voices = sum(one.program in VOCAL_PROGRAMS for one in instruments)
    voice = SOLO_VOICE if voices == 1 else CHOIR
    return tuple(replace(one, program=voice) if one.program in VOCAL_PROGRAMS else one for one in instruments)
