"""Every reason for which bytes are refused as MIDI: its stable code and the sentence a member reads.

The codes go into job results and tests; sentences may be reworded. All of `model.midi` raises through `refusal`.
"""

from __future__ import annotations

from model.errors import MidiError

SENTENCES = {
    "empty": "The file is empty; export the MIDI file again and send that one.",
    "not_midi": "{found}; send a standard MIDI file (.mid).",
    "too_big": "The file has {size_kib:,} KiB and at most {limit_kib:,} KiB are read; send a shorter piece.",
    "unsupported_format": (
        "This MIDI file holds {sequences} separate sequences (format 2); save the one you want as format 0 or 1."
    ),
    "unsupported_timing": (
        "The file counts time in {timing}, which is not read; export it with 24 to 32,767 ticks per quarter note"
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


def refusal(code: str, **values: object) -> MidiError:
    """The error for `code`, its sentence filled with `values`; raises KeyError for a code not in SENTENCES."""
    return MidiError(SENTENCES[code].format(**values), code)


def counted(number: int, one: str, many: str = "") -> str:
    """`number` and the words that go with it, as '1 note' or '3 notes'; `many` is `one` with an s by default."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
