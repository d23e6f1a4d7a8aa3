"""How much a MIDI file may hold before it is refused: a member's seed by default, a data set's file by `for_data`."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


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
