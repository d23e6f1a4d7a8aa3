"""Reads MusicXML scores as pieces, one for each movement, with ties joined and repeats played.

music21 needs some 40 s for a string quartet and unfolds a da capo over all movements before it; this reader needs one
second and treats each movement on its own. It reads what sounds: notes, ties, meters, tempi, dynamics, repeats. Grace
notes, cue notes, unpitched percussion, chord symbols and ornaments are left out. Used for the OpenScore collections.
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from model.errors import DataError
from model.piece import METER, NOTE, TEMPO, Instrument, Piece, table

TICKS_PER_QUARTER = 480
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
PLAIN_VELOCITY = 80  # where the score asks for no dynamics
FULL_VELOCITY = 0.9  # velocity for each per cent of the attribute `dynamics`, which is relative to 90
ACCENTS = {"sf", "sfz", "sffz", "fz", "rf", "rfz", "sfp", "sfpp", "fp"}  # dynamics of one note, not of what follows
SIGNS = ("fine", "dacapo", "dalsegno", "segno", "tocoda", "coda")
LONGEST_ORDER = 20_000  # bars; more is a repeat that never ends
LONGEST_TICKS, MOST_NOTES = 1 << 28, 200_000  # of one movement with its repeats; beyond is a slip, or malice
LARGEST_NUMBER = 1_000_000  # divisions, durations, octaves; scores have some thousand divisions to the quarter at most
LARGEST_METER = 128
FASTEST_BPM, SLOWEST_BPM = 400.0, 15.0  # quarters a minute; a score's tempo beyond them is a slip


@dataclass
class Bar:
    """One bar of all parts; ticks count from its beginning."""

    number: str = ""
    length: int = 0  # ticks
    meter: tuple[int, int] = (4, 4)
    notes: list[tuple[int, int, int, int, int, bool, bool]] = field(default_factory=list)
    # onset, duration, pitch, velocity, part, whether a tie ends at it, whether one begins
    tempos: list[tuple[int, float]] = field(default_factory=list)  # onset, quarters a minute
    signs: set[str] = field(
        default_factory=set
    )  # forward, backward, final, fine, dacapo, dalsegno, segno, tocoda, coda
    times: int = 2  # how often what ends with a backward repeat is played
    ending: tuple[int, ...] = ()  # passes in which the ending that begins here is played
    ends_ending: bool = False

    @property
    def nominal(self) -> int:
        """Its length in ticks by the meter."""
        return 4 * TICKS_PER_QUARTER * self.meter[0] // self.meter[1]


def read_musicxml(data: bytes, quarter_bpm: float = 100.0) -> list[Piece]:
    """The movements of a score in partwise MusicXML, at sounding pitch.

    Args:
        data: the text of the score, not compressed.
        quarter_bpm: tempo of a movement that names none.

    Raises:
        DataError: it is no such score.
    """
    try:
        root = ET.fromstring(data)  # noqa: S314 -- published corpora; expat bounds the expansion of entities
    except ET.ParseError as error:
        raise DataError(f"The score is not XML: {error}.") from error
    parts = root.findall("part")
    if root.tag != "score-partwise" or not parts:
        raise DataError("The score is not partwise MusicXML.")
    instruments = _instruments(root)
    bars: list[Bar] = []
    for number, part in enumerate(parts):
        _read_part(part, number, bars)
    if not bars:
        raise DataError("The score has no bars.")
    title = (root.findtext("work/work-title") or root.findtext("movement-title") or "").strip()
    named = tuple(instruments.get(part.get("id", ""), Instrument()) for part in parts)
    return [_piece(movement, named, quarter_bpm, title) for movement in _movements(bars)]


def _instruments(root: ET.Element) -> dict[str, Instrument]:
    found = {}
    for part in root.findall("part-list/score-part"):
        program = part.findtext("midi-instrument/midi-program") or ""
        name = (part.findtext("part-name") or "").strip()
        number = _whole(program) - 1
        found[part.get("id", "")] = Instrument(min(max(number, 0), 127), name=name)
    return found


def _read_part(part: ET.Element, number: int, bars: list[Bar]) -> None:
    """Add the notes of one part to `bars`, which the first part makes."""
    state = _PartState(number)
    for index, measure in enumerate(part.findall("measure")):
        if index == len(bars):
            bars.append(Bar(number=measure.get("number", "")))
        state.read(measure, bars[index])


class _PartState:
    """The state of one part from bar to bar: divisions, transposition, meter, loudness."""

    def __init__(self, part: int) -> None:
        self.part = part
        self.divisions = 1
        self.transposition = 0
        self.meter = (4, 4)
        self.velocity = PLAIN_VELOCITY
        self.now = self.onset = 0  # divisions since the bar's beginning: of what comes next, and of the note before
        self.accent: tuple[int, int] | None = None  # tick and velocity

    def read(self, measure: ET.Element, bar: Bar) -> None:
        """Put the measure's notes and signs into `bar`."""
        self.now = self.onset = 0
        self.accent = None
        furthest = 0
        for element in measure:
            match element.tag:
                case "note":
                    self._note(element, bar)
                case "backup":
                    self.now = max(0, self.now - self._divisions_of(element))
                case "forward":
                    self.now += self._divisions_of(element)
                case "attributes":
                    self._attributes(element)
                case "direction" | "sound":
                    self._direction(element, bar)
                case "barline":
                    _barline(element, bar)
            furthest = max(furthest, self.now)
        if self.part == 0:
            bar.meter = self.meter
        bar.length = max(bar.length, self._ticks(furthest))

    def _ticks(self, divisions: int) -> int:
        return round(divisions * TICKS_PER_QUARTER / self.divisions)

    def _divisions_of(self, element: ET.Element) -> int:
        return max(0, _whole(element.findtext("duration")))

    def _attributes(self, element: ET.Element) -> None:
        if divisions := element.findtext("divisions"):
            self.divisions = max(_whole(divisions), 1)
        beats, unit = element.findtext("time/beats") or "", element.findtext("time/beat-type") or ""
        if re.fullmatch(r"\d{1,3}(\+\d{1,3})*", beats) and re.fullmatch(r"\d{1,3}", unit):
            meter = (sum(map(int, beats.split("+"))), int(unit))
            if 0 < meter[0] <= LARGEST_METER and 0 < meter[1] <= LARGEST_METER:
                self.meter = meter
        if (transpose := element.find("transpose")) is not None:
            octaves = _whole(transpose.findtext("octave-change"))
            self.transposition = _whole(transpose.findtext("chromatic")) + 12 * octaves

    def _direction(self, element: ET.Element, bar: Bar) -> None:
        """Note what a direction or sound says: signs, tempo, loudness."""
        sound = element if element.tag == "sound" else element.find("sound")
        if sound is None:
            return
        if self.part == 0:
            bar.signs |= {sign for sign in SIGNS if sound.get(sign)}
        tempo = _number(sound.get("tempo"))
        if tempo is not None and SLOWEST_BPM <= tempo <= FASTEST_BPM:
            bar.tempos.append((self._ticks(self.now), tempo))
        dynamics = _number(sound.get("dynamics"))
        if dynamics is None:
            return
        velocity = min(max(round(dynamics * FULL_VELOCITY), 1), 127)
        if {mark.tag for mark in element.iterfind("direction-type/dynamics/*")} & ACCENTS:
            self.accent = self._ticks(self.now), velocity
        else:
            self.velocity = velocity

    def _note(self, element: ET.Element, bar: Bar) -> None:
        if element.find("grace") is not None:
            return
        length = self._divisions_of(element)
        if element.find("chord") is None:
            self.onset, self.now = self.now, self.now + length
        onset, end = self._ticks(self.onset), self._ticks(self.onset + length)
        pitch = element.find("pitch")
        if pitch is None or element.find("cue") is not None or end <= onset:
            return
        step, octave = pitch.findtext("step") or "C", _whole(pitch.findtext("octave"), 4)
        if step not in SEMITONES:
            raise DataError(f"The score has a note of an unknown pitch: '{step[:20]}'.")
        alter = _whole(pitch.findtext("alter"))
        key = SEMITONES[step] + 12 * (octave + 1) + alter + self.transposition
        if not 0 <= key <= 127:
            return
        ties = {tie.get("type") for tie in element.findall("tie")}
        velocity = self.accent[1] if self.accent is not None and self.accent[0] == onset else self.velocity
        bar.notes.append((onset, end - onset, key, velocity, self.part, "stop" in ties, "start" in ties))


def _barline(element: ET.Element, bar: Bar) -> None:
    if (repeat := element.find("repeat")) is not None:
        bar.signs.add(repeat.get("direction", ""))
        bar.times = max(int(_number(repeat.get("times")) or 2), 2)
    if element.findtext("bar-style") == "light-heavy":
        bar.signs.add("final")
    if (ending := element.find("ending")) is not None:
        if ending.get("type") == "start":
            bar.ending = tuple(int(number) for number in re.findall(r"\d{1,3}", ending.get("number", "1")))
        else:
            bar.ends_ending = True


def _number(text: str | None) -> float | None:
    try:
        number = None if text is None else float(text)
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _whole(text: str | None, otherwise: int = 0) -> int:
    """The number that `text` says, rounded; `otherwise` where it says nothing.

    Raises:
        DataError: it is no number, or a larger one than any score has.
    """
    if not (text or "").strip():
        return otherwise
    number = _number(text)
    if number is None or abs(number) > LARGEST_NUMBER:
        raise DataError(f"The score has a number that cannot be read: '{(text or '').strip()[:20]}'.")
    return round(number)


def _movements(bars: Sequence[Bar]) -> Iterator[list[Bar]]:
    """Cuts where, after a final bar line, bars are numbered from the start again."""
    start = highest = 0
    for index, bar in enumerate(bars):
        number = int(bar.number) if re.fullmatch(r"\d{1,6}", bar.number) else None
        if index > start and number in (0, 1) and highest > 1 and "final" in bars[index - 1].signs:
            yield list(bars[start:index])
            start, highest = index, 0
        highest = max(highest, number or 0)
    yield list(bars[start:])


def played_order(bars: Sequence[Bar]) -> list[int]:
    """Indices of `bars` in the order played: repeats, endings, da capo, dal segno, fine, coda.

    After a jump back repeats are not played again, as is the custom. A repeat that never ends is not played at all.
    """
    order: list[int] = []
    player = _Player(bars)
    while player.index is not None:
        if len(order) > LONGEST_ORDER:
            return list(range(len(bars)))
        if (skipped := player.after_ending()) is not None:
            player.index = skipped if skipped < len(bars) else None
            continue
        order.append(player.index)
        player.go_on()
    return order


class _Player:
    """The position in the bars while playing, and the pass of a repeat."""

    def __init__(self, bars: Sequence[Bar]) -> None:
        self.bars = bars
        self.index: int | None = 0 if bars else None
        self.start, self.turn, self.has_jumped = 0, 1, False

    def after_ending(self) -> int | None:
        """The bar after an ending that begins here and is not for this pass; None if there is none."""
        index = self.index or 0
        bar = self.bars[index]
        if "forward" in bar.signs and index != self.start:
            self.start, self.turn = index, 1
        if not bar.ending:
            return None
        last = self._find(index, lambda one: one.ends_ending, index)
        is_last = "backward" not in self.bars[last].signs
        is_played = is_last if self.has_jumped else self.turn in bar.ending or (is_last and self.turn > max(bar.ending))
        return None if is_played else last + 1

    def go_on(self) -> None:
        """Move to the bar after the one just played."""
        index = self.index or 0
        bar = self.bars[index]
        following: int | None = index + 1
        if self.has_jumped and "fine" in bar.signs:
            following = None
        elif self.has_jumped and "tocoda" in bar.signs:
            following = self.start = self._find(index + 1, lambda one: "coda" in one.signs, index + 1)
        elif "backward" in bar.signs and not self.has_jumped and self.turn < bar.times:
            following, self.turn = self.start, self.turn + 1
        else:
            if "backward" in bar.signs or bar.ends_ending:
                self.start, self.turn = index + 1, 1
            if bar.signs & {"dacapo", "dalsegno"} and not self.has_jumped:
                self.has_jumped, self.turn = True, 1
                segno = self._find(0, lambda one: "segno" in one.signs, 0)
                following = self.start = segno if "dalsegno" in bar.signs else 0
        self.index = following if following is not None and following < len(self.bars) else None

    def _find(self, first: int, is_it: Callable[[Bar], bool], otherwise: int) -> int:
        return next((index for index in range(first, len(self.bars)) if is_it(self.bars[index])), otherwise)


def _piece(bars: Sequence[Bar], instruments: tuple[Instrument, ...], quarter_bpm: float, title: str) -> Piece:
    """The bars of one movement as they are played."""
    rows: list[list[int]] = []
    tied: dict[tuple[int, int], list[int]] = {}  # part and pitch: the row that a tie goes on from
    tempos: list[tuple[int, int]] = []
    meters: list[tuple[int, int, int]] = []
    upbeat = bars[0].nominal - bars[0].length
    now = upbeat if 0 < upbeat < bars[0].nominal and len(bars) > 1 else 0
    line = 0  # tick of the bar line that bars are counted from
    for index in played_order(bars):
        bar = bars[index]
        is_counted = not bar.number.startswith("X")  # else the second half of a bar that a repeat sign divides
        is_off = is_counted and index > 0 and (now - line) % bar.nominal > 0  # after a bar that is not full
        if not meters or meters[-1][1:] != bar.meter or is_off:
            line = now if meters else 0
            meters.append((line, *bar.meter))
        for onset, quarters in bar.tempos:
            tempos.append((now + onset if tempos or now + onset > upbeat else 0, round(60e6 / quarters)))
        for onset, duration, pitch, velocity, part, stops, starts in bar.notes:
            row = tied.pop((part, pitch), None)
            if stops and row is not None and row[0] + row[1] == now + onset:
                row[1] += duration
            else:
                row = [now + onset, duration, pitch, velocity, part]
                rows.append(row)
            if starts:
                tied[part, pitch] = row
        now += bar.length
        if now > LONGEST_TICKS or len(rows) > MOST_NOTES:
            raise DataError("The score is too long: with its repeats it would play for days.")
    used = sorted({row[4] for row in rows})
    places = {part: place for place, part in enumerate(used)}
    if not tempos or tempos[0][0]:
        tempos.insert(0, (0, round(60e6 / quarter_bpm)))
    return Piece(
        table(NOTE, [(*row[:4], places[row[4]]) for row in rows]),
        tuple(instruments[part] for part in used) or (Instrument(),),
        TICKS_PER_QUARTER,
        table(TEMPO, list(dict(tempos).items())),
        table(METER, [(tick, *meter) for tick, meter in {tick: meter for tick, *meter in meters}.items()]),
        title=title,
    )
