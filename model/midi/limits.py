"""How much a MIDI file may hold before it is refused; a member's seed by default, a data set by `for_data`."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class MidiLimits:
    """Upper bounds, all inclusive. Size, format, timing and tracks are checked before anything is parsed.

    `trusted` lets a file with a single voice track go to the parser as it is: 10 to 20 times faster, but notes never
    ended are then lost, and neither title nor comment is read. For a data set of one's own, not for a stranger's file.
    """

    size_bytes: int = MIB
    notes: int = 100_000
    duration_s: float = 30 * 60.0
    tracks: int = 32  # those with notes; one that changes its program counts once for each
    formats: tuple[int, ...] = (0, 1)
    map_changes: int = 20_000  # tempo and meter changes, each: more is no music and slows whoever draws or plays it
    trusted: bool = False

    @classmethod
    def for_data(cls) -> MidiLimits:
        """Bounds for a data set's own files: whole concerts and orchestral scores pass."""
        return cls(size_bytes=8 * MIB, notes=500_000, duration_s=3 * 3600.0, tracks=128, trusted=True)
