"""A piece as sheet music, in MusicXML or PNG.

Each staff has one voice: simultaneous notes form a chord, which lasts until the next one in its staff. Onsets are
rounded to sixteenths and triplets. music21 writes MusicXML; the number of bars is limited, because each takes some 20
ms. verovio engraves it as SVG and resvg draws that, without a browser or a system library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError
from model.keys import key_of, spelled
from model.pictures.canvas import covered, font_folder
from model.piece import Piece

if TYPE_CHECKING:
    from music21 import stream

MOST_BARS, MOST_STAVES = 120, 8
GRID = 12  # places in a quarter note
MIDDLE_C = 60  # from here up an instrument of wide range is written in the upper staff
WIDE = 30  # semitones; a range beyond takes two staves
PAGE_WIDTH = 2100  # verovio's units: tenths of a millimetre at scale 100
ENGRAVING_SCALE = 50  # per cent
MOST_HEIGHT = 60_000  # units; one page holds the whole sheet
ZOOM = 2


@dataclass(frozen=True)
class Sheet:
    """MusicXML, and sentences on what it leaves out."""

    musicxml: bytes
    remarks: tuple[str, ...]


def sheet(piece: Piece, title: str = "", most_bars: int = MOST_BARS) -> Sheet:
    """The sheet of `piece`, up to `most_bars` bars and MOST_STAVES staves.

    Raises:
        RequestError: when the piece has no notes with a pitch.
    """
    from music21 import metadata, stream
    from music21.musicxml.m21ToXml import GeneralObjectExporter

    staves, remarks = _staves(piece)
    if not staves:
        raise RequestError("A sheet needs notes with a pitch; this piece has none.")
    meter = piece.meters[0]
    bar = 4 * GRID * int(meter["numerator"]) // int(meter["denominator"])
    end = most_bars * bar
    if any(rows[:, 0].max() >= end for _, rows in staves):
        remarks.append(f"The sheet has the first {most_bars} bars.")
    sharps, is_minor = _key(piece)
    score = stream.Score()
    score.metadata = metadata.Metadata(title=title or piece.title or "Cadenza")
    for name, rows in staves:
        part = _part(rows[rows[:, 0] < end], name, f"{meter['numerator']}/{meter['denominator']}", (sharps, is_minor))
        score.insert(0, part)
    return Sheet(GeneralObjectExporter(score).parse(), tuple(remarks))


def _key(piece: Piece) -> tuple[int, bool]:
    """The key at the start of the piece: its own key signature, else an estimate from its notes."""
    if len(piece.key_signatures):
        first = piece.key_signatures[0]
        return int(first["sharps"]), bool(first["is_minor"])
    return key_of(_pitched(piece))


def _pitched(piece: Piece) -> NDArray:
    is_drum = np.array([instrument.is_drum for instrument in piece.instruments])
    return piece.notes[~is_drum[piece.notes["instrument"]]]


def _staves(piece: Piece) -> tuple[list[tuple[str, NDArray[np.int64]]], list[str]]:
    """The name of each staff and its rows of (onset, end, pitch) in grid units, in order; and what was left out."""
    notes = _pitched(piece)
    scale = GRID / piece.ticks_per_quarter
    onset = np.rint(notes["onset"] * scale).astype(np.int64)
    end = np.maximum(np.rint((notes["onset"] + notes["duration"]) * scale).astype(np.int64), onset + 1)
    table = np.stack([onset, end, notes["pitch"].astype(np.int64)], axis=1)
    staves = []
    for index in np.unique(notes["instrument"]).tolist():
        mine = table[notes["instrument"] == index]
        name = piece.instruments[index].name or f"Part {index + 1}"
        upper = mine[:, 2] >= MIDDLE_C
        if np.ptp(mine[:, 2]) > WIDE and upper.any() and not upper.all():
            staves += [(name, mine[upper]), (name, mine[~upper])]
        else:
            staves.append((name, mine))
    remarks = ["Drums are left out of the sheet."] if len(notes) < len(piece.notes) else []
    if len(staves) > MOST_STAVES:
        remarks.append(f"The sheet has the first {MOST_STAVES} staves.")
    return staves[:MOST_STAVES], remarks


def _part(rows: NDArray[np.int64], name: str, meter_name: str, in_key: tuple[int, bool]) -> stream.Part:
    from music21 import chord, clef, key, meter, note, stream

    part = stream.Part()
    part.partName = name
    part.append(clef.BassClef() if len(rows) and rows[:, 2].mean() < MIDDLE_C else clef.TrebleClef())
    part.append(key.KeySignature(in_key[0]))
    part.append(meter.TimeSignature(meter_name))
    bar = meter.TimeSignature(meter_name).barDuration.quarterLength
    onsets = np.unique(rows[:, 0])
    following = np.append(onsets[1:], np.iinfo(np.int64).max)
    for onset, after in zip(onsets.tolist(), following.tolist(), strict=True):
        together = rows[rows[:, 0] == onset]
        names = [spelled(pitch, *in_key) for pitch in sorted(set(together[:, 2].tolist()))]
        element = note.Note(names[0]) if len(names) == 1 else chord.Chord(names)
        element.quarterLength = (min(int(together[:, 1].max()), after) - onset) / GRID
        part.insert(onset / GRID, element)
    part.makeRests(fillGaps=True, inPlace=True, refStreamOrTimeRange=(0, -(-part.highestTime // bar) * bar))
    return part.makeNotation()


def engraved(musicxml: bytes) -> bytes:
    """The PNG of a sheet on one page.

    Raises:
        RequestError: when the libraries are not installed or the sheet cannot be engraved.
    """
    try:
        import resvg_py
        import verovio
    except ImportError as error:
        raise RequestError(
            f"A sheet as PNG needs {error.name}: pip install verovio resvg_py, or ask for MusicXML."
        ) from error
    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": PAGE_WIDTH,
            "pageHeight": MOST_HEIGHT,
            "adjustPageHeight": True,
            "scale": ENGRAVING_SCALE,
            "breaks": "auto",
            "footer": "none",
            "header": "none",  # resvg puts a centred title at the edge
            "svgViewBox": False,
        }
    )
    if not toolkit.loadData(_drawable(musicxml.decode())):
        raise RequestError("The sheet cannot be engraved; ask for MusicXML and open it in a notation program.")
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=toolkit.renderToSVG(1),
            background="white",
            zoom=ZOOM,
            font_dirs=[str(font_folder())],
            font_family="DejaVu Serif",
            serif_family="DejaVu Serif",
        )
    )


def _drawable(musicxml: str) -> str:
    """`musicxml` without letters that the font cannot draw."""
    if musicxml.isascii():
        return musicxml
    letters = covered("DejaVuSerif.ttf")
    return "".join(letter for letter in musicxml if letter.isascii() or ord(letter) in letters)
