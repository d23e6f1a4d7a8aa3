"""How much a MIDI file may hold, and every reason for which one is refused.

A reason has a stable code, for job results and tests, and the sentence a member reads. All of `model.midi` raises
through `refusal`.
"""

from __future__ import annotations

from dataclasses import dataclass

from model.errors import MidiError

MIB = 1024 * 1024
SENTENCES = {
    "empty": "The file is empty; export the MIDI file again and send that one.",
    "not_midi": "{found}; send a standard MIDI file (.mid).",
    "too_big": "The file has {size_kib:,} KiB, and the limit is {limit_kib:,} KiB; send a shorter piece.",
    "unsupported_format": (
        "This MIDI file holds {sequences} separate sequences (format 2); save the one you want as format 0 or 1."
    ),
    "unsupported_timing": (
        "The file counts time in {timing}, which isn't supported; export it with 24 to 32,767 ticks per quarter note"
        " (480 is usual)."
    ),
    "too_many_tracks": "The file has more than {limit} instruments; send one with fewer.",
    "damaged": "The MIDI file is damaged ({where}); export it again and send the new file.",
    "no_notes": "The MIDI file has no notes; send one that plays something.",
    "too_many_notes": "The file has more than {limit:,} notes; send a shorter or a thinner piece.",
    "too_many_changes": "The file changes its {map} more than {limit:,} times; send one with a steadier {map}.",
    "too_long": "The piece is longer than {limit_min:g} minutes; cut it and send the part you want.",
    "too_slow": "Reading the file takes longer than {limit_s:g} seconds; send a shorter or a simpler piece.",
    "too_complex": "Reading the file takes too much memory; send a shorter or a simpler piece.",
    "cannot_write": "The piece has a silence longer than a MIDI file can hold; make it shorter.",
}


@dataclass(frozen=True)
class MidiLimits:
    """Upper bounds, all inclusive. The size is checked before anything is parsed, the rest before it is expanded."""

    size_bytes: int = MIB
    notes: int = 100_000
    duration_s: float = 30 * 60.0
    tracks: int = 32  # instruments: tracks with notes; one that changes its program counts once for each program
    map_changes: int = 20_000  # of tempo, meter, and pedal, volume or bend of one channel: more is no music

    @classmethod
    def for_data(cls) -> MidiLimits:
        """Bounds for the files of a corpus: whole concerts and orchestral scores pass."""
        return cls(size_bytes=8 * MIB, notes=500_000, duration_s=3 * 3600.0, tracks=128)


def refusal(code: str, **values: object) -> MidiError:
    """The error for `code`, its sentence filled with `values`; raises KeyError for a code not in SENTENCES."""
    return MidiError(SENTENCES[code].format(**values), code)


def counted(number: int, one: str, many: str = "") -> str:
    """`number` and the words that go with it, as '1 note' or '3 notes'; `many` is `one` with an s by default."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
