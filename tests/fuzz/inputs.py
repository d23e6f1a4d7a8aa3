"""Damaged and hostile inputs by chance: a grammar for each format makes files that are nearly right, then bytes change.

Every input follows from one `random.Random`, so a seed and a number give the same bytes again.
"""

from __future__ import annotations

import json
import random
import struct
import zipfile
from functools import cache
from pathlib import Path

from model.bundles.zip_format import write_zip
from tests.model.bundles.made import CARD, CONFIG, as_json, npz, sealed, weights
from tests.model.midi.test_fuzz import sample
from tests.model.uploads.zips import Lies, Part, archive

PRELUDE = Path(__file__).resolve().parents[2] / "sandbox" / "seeds" / "prelude_in_c.mid"
MAGIC = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 10**12)


def damaged(data: bytes, chance: random.Random, most: int = 6) -> bytes:
    """`data` with up to `most` changes: bytes flipped, lost, doubled, moved, replaced by magic numbers, cut off."""
    found = bytearray(data)
    for _ in range(chance.randrange(most + 1)):
        at = chance.randrange(len(found)) if found else 0
        match chance.randrange(8):
            case 0:
                found[at : at + 1] = chance.randbytes(1)
            case 1 if found:
                found[at] ^= 1 << chance.randrange(8)
            case 2:
                del found[at : at + chance.randrange(1, 64)]
            case 3:
                found[at:at] = chance.randbytes(chance.randrange(1, 16))
            case 4:
                found[at:at] = found[at : at + chance.randrange(1, 200)] * chance.randrange(1, 20)
            case 5:
                number = chance.choice(MAGIC)
                form = chance.choice((">B", ">H", ">I", "<H", "<I", "<Q"))
                bits = 8 * struct.calcsize(form)
                packed = struct.pack(form, number % (1 << bits))
                found[at : at + len(packed)] = packed
            case 6:
                other = chance.randrange(len(found)) if found else 0
                found[at : at + 8], found[other : other + 8] = found[other : other + 8], found[at : at + 8]
            case _:
                del found[max(at, 16) :]
    return bytes(found)


# --- MIDI -----------------------------------------------------------------------------------------------------------


def _length(number: int) -> bytes:
    """A variable-length number, as MIDI writes it."""
    found = [number & 0x7F]
    while number := number >> 7:
        found.append(0x80 | number & 0x7F)
    return bytes(reversed(found))


def _event(chance: random.Random) -> bytes:
    delta = _length(chance.choice((0, 0, 0, 1, 60, 480, 480, 0x3FFF, 0xFFFFFFF)) if chance.random() < 0.9 else 1 << 40)
    channel, number, amount = chance.randrange(16), chance.randrange(128), chance.randrange(128)
    match chance.randrange(10):
        case 0 | 1 | 2:
            return delta + bytes((0x90 | channel, number, amount))
        case 3 | 4:
            return delta + bytes((0x80 | channel, number, amount))
        case 5:
            return delta + bytes((chance.choice((0xA0, 0xB0, 0xE0)) | channel, number, amount))
        case 6:
            return delta + bytes((chance.choice((0xC0, 0xD0)) | channel, number))
        case 7:
            kind, size = (
                chance.choice((0x51, 0x58, 0x59, 0x01, 0x03, 0x2F, 0x20, 0x7F)),
                chance.choice((0, 1, 2, 3, 4, 5, 60)),
            )
            said = _length(size if chance.random() < 0.9 else chance.choice(MAGIC))
            return delta + bytes((0xFF, kind)) + said + chance.randbytes(size)
        case 8:
            return (
                delta
                + bytes((chance.choice((0xF0, 0xF7)),))
                + _length(chance.choice((3, 9, 200)))
                + chance.randbytes(9)
            )
        case _:
            return delta + bytes((number, amount))  # running status, or nonsense


def midi(chance: random.Random) -> bytes:
    """A MIDI file: one of ours or of the grammar's, then damaged."""
    if chance.random() < 0.4:
        data = PRELUDE.read_bytes() if chance.random() < 0.2 else sample(chance.randrange(5))
        return damaged(data, chance)
    tracks = b""
    for _ in range(chance.choice((0, 1, 1, 2, 5, 40))):
        body = b"".join(_event(chance) for _ in range(chance.choice((0, 3, 20, 20, 200))))
        body += b"\x00\xff\x2f\x00" if chance.random() < 0.8 else b""
        size = len(body) if chance.random() < 0.9 else chance.choice(MAGIC) % (1 << 32)
        tracks += b"MTrk" + struct.pack(">I", size) + body
    kind, count = chance.choice((0, 1, 1, 2, 9)), chance.choice((1, 2, 5, 0, 0xFFFF))
    division = chance.choice((24, 96, 480, 960, 0, 1, 0x7FFF, 0xE728, 0xFFFF))
    return damaged(b"MThd" + struct.pack(">IHHH", 6, kind, count, division) + tracks, chance, most=2)


# --- MusicXML -------------------------------------------------------------------------------------------------------

NUMBERS = (
    "1",
    "2",
    "4",
    "0",
    "-1",
    "3.5",
    "1e9",
    "1e400",
    "nan",
    "-inf",
    "x",
    "",
    "99999999999999999999",
    "٣",
    "²",
    "1_0",
)


def _element(chance: random.Random) -> str:
    number = chance.choice(NUMBERS) if chance.random() < 0.03 else str(chance.randrange(1, 9))
    match chance.randrange(9):
        case 0 | 1 | 2 | 3:
            step, extra = (
                chance.choice("CDEFGAB" * 9 + "Hx"),
                chance.choice(("", "<chord/>", "<grace/>", "<rest/>", "<tie type='start'/>")),
            )
            octave = number if chance.random() < 0.3 else "4"
            alter = f"<alter>{chance.choice(NUMBERS)}</alter>" if chance.random() < 0.02 else ""
            pitch = f"<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
            tie = f"<tie type='{chance.choice(('start', 'stop', ''))}'/>" if chance.random() < 0.2 else ""
            return f"<note>{extra}{pitch}<duration>{number}</duration>{tie}</note>"
        case 4:
            beats, kind = chance.choice((*NUMBERS, "3", "4", "3+2")), chance.choice((*NUMBERS, "4", "8"))
            transpose = f"<transpose><chromatic>{number}</chromatic></transpose>" if chance.random() < 0.3 else ""
            time = f"<time><beats>{beats}</beats><beat-type>{kind}</beat-type></time>"
            return f"<attributes><divisions>{number}</divisions>{time}{transpose}</attributes>"
        case 5:
            way = chance.choice(("backup", "forward"))
            return f"<{way}><duration>{number}</duration></{way}>"
        case 6:
            sound = chance.choice(("tempo", "dynamics", "dacapo", "dalsegno", "fine", "segno", "coda", "tocoda"))
            mark = chance.choice(("p", "ff", "sfz", "zz"))
            return (
                f"<direction><direction-type><dynamics><{mark}/></dynamics><metronome><beat-unit>quarter</beat-unit>"
                f"<per-minute>{number}</per-minute></metronome></direction-type><sound {sound}='{number}'/></direction>"
            )
        case 7:
            side = chance.choice(("forward", "backward", ""))
            ending = f"<ending number='{number}, 2' type='{chance.choice(('start', 'stop', ''))}'/>"
            times = f"times='{chance.choice(NUMBERS)}'" if chance.random() < 0.3 else ""
            style = "<bar-style>light-heavy</bar-style>" if chance.random() < 0.3 else ""
            ending = ending if chance.random() < 0.5 else ""
            return f"<barline>{style}<repeat direction='{side}' {times}/>{ending}</barline>"
        case _:
            return f"<{chance.choice(('print', 'harmony', 'sound', 'note'))}/>"


def musicxml(chance: random.Random) -> bytes:
    """A MusicXML score of the grammar's, then perhaps damaged."""
    program = chance.choice(NUMBERS) if chance.random() < 0.1 else "12"
    instrument = f"<midi-instrument><midi-program>{program}</midi-program></midi-instrument>"
    listed = f"<score-part id='P1'><part-name>A</part-name>{instrument}</score-part>"
    parts = ""
    for part in range(chance.choice((0, 1, 1, 2, 4))):
        bars = ""
        for bar in range(chance.choice((0, 1, 4, 12, 60))):
            content = "".join(_element(chance) for _ in range(chance.randrange(8)))
            bars += f"<measure number='{bar if chance.random() < 0.9 else chance.choice(NUMBERS)}'>{content}</measure>"
        parts += f"<part id='P{part + 1}'>{bars}</part>"
    text = f"<score-partwise><part-list>{listed}</part-list>{parts}</score-partwise>"
    data = text.encode()
    return damaged(data, chance, most=2) if chance.random() < 0.2 else data


# --- archives and bundles -------------------------------------------------------------------------------------------


def _part(chance: random.Random) -> Part:
    name = chance.choice(
        (b"a.mid", b"b/c.MID", b"../x.mid", b"/etc/x", b"n.txt", b"\xe9.mid", b"a.zip", b"", b"x" * 300)
    )
    data = chance.choice((sample(1), sample(2), b"", bytes(1 << 16), chance.randbytes(300), b"MThd", b"PK\x03\x04"))
    part = Part(name, data, method=chance.choice((0, 0, 0, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, 14, 99)))
    if chance.random() < 0.15:
        setattr(part, chance.choice(("size", "packed", "crc", "offset")), chance.choice(MAGIC) % (1 << 32))
    part.flags = chance.choice((0, 0, 0, 0, 0, 0, 1, 8, 0x800, 0xFFFF))
    part.mode = chance.choice((0, 0, 0, 0o100644, 0o120777, 0xFFFF))
    return part


def zip_archive(chance: random.Random) -> bytes:
    """A zip archive whose headers may lie, then perhaps damaged."""
    parts = [_part(chance) for _ in range(chance.choice((0, 1, 2, 5)))]
    lies = None
    if chance.random() < 0.15:
        names = ("disk", "here", "total", "comment")
        lies = Lies(**{chance.choice(names): chance.choice(MAGIC) % (1 << 16)})
    return damaged(archive(*parts, lies=lies), chance, most=4 if chance.random() < 0.25 else 0)


@cache
def _files() -> dict[str, bytes]:
    return {
        "weights.npz": npz(weights()),
        "config.json": CONFIG.model_dump_json().encode(),
        "card.json": CARD.model_dump_json().encode(),
        "history.json": as_json([{"loss": 3.0, "epoch": 1}]),
        "CARD.md": CARD.page("tiny").encode(),
    }


def bundle_zip(chance: random.Random) -> bytes:
    """An exported bundle: a file in it is damaged and its manifest fits again, or the zip itself is damaged."""
    files = dict(_files())
    for _ in range(chance.randrange(3)):
        name = chance.choice(sorted(files))
        is_json = name.endswith(".json") and files[name] is _files()[name] and chance.random() < 0.6
        files[name] = _other_json(files[name], chance) if is_json else damaged(files[name], chance, most=3)
    data = write_zip(sealed(files))
    return damaged(data, chance, most=3) if chance.random() < 0.3 else data


def _other_json(data: bytes, chance: random.Random) -> bytes:
    """JSON with one value, at any depth, replaced by another kind of value."""
    root = {"root": json.loads(data)}
    holder: dict | list = root
    key: str | int = "root"
    while isinstance(holder[key], (dict, list)) and holder[key] and chance.random() < 0.8:
        holder = holder[key]
        key = chance.choice(sorted(holder)) if isinstance(holder, dict) else chance.randrange(len(holder))
    odd = (None, True, -1, 0, 1e308, 10**30, float("nan"), "", "x" * 5000, "\x00", [], [[]] * 99, {}, {"a": {}}, "../x")
    holder[key] = chance.choice(odd)
    return json.dumps(root["root"]).encode()
