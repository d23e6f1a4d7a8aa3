"""MusicXML scores as pieces: what sounds when, in which order, how loudly, and where one movement ends."""

from __future__ import annotations

import pytest

from model.corpora.readers.musicxml import Bar, played_order, read_musicxml
from model.errors import DataError

HEAD = """<?xml version="1.0"?><score-partwise><work><work-title>Trio</work-title></work><part-list>
<score-part id="P1"><part-name>Clarinet</part-name><midi-instrument id="i"><midi-program>72</midi-program>
</midi-instrument></score-part><score-part id="P2"><part-name>Piano</part-name></score-part></part-list>"""


def note(step: str, octave: int, quarters: float, extra: str = "", before: str = "") -> str:
    return (
        f"<note>{before}<pitch><step>{step}</step><octave>{octave}</octave></pitch>"
        f"<duration>{round(quarters * 2)}</duration>{extra}</note>"
    )


def rest(quarters: float) -> str:
    return f"<note><rest/><duration>{round(quarters * 2)}</duration></note>"


def score(*parts: list[str], numbers: list[str] | None = None) -> bytes:
    """A score with two divisions to the quarter; each part is its bars' content."""
    text = HEAD
    for index, bars in enumerate(parts, start=1):
        names = numbers or [str(number) for number in range(1, len(bars) + 1)]
        measures = "".join(f'<measure number="{n}">{bar}</measure>' for n, bar in zip(names, bars, strict=True))
        text += f'<part id="P{index}">{measures}</part>'
    return (text + "</score-partwise>").encode()


FIRST = "<attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"


def heard(data: bytes) -> list[tuple[int, int, int]]:
    """Onset and duration in eighths of a quarter, and pitch, of the only movement."""
    (piece,) = read_musicxml(data)
    return [(int(n["onset"]) // 60, int(n["duration"]) // 60, int(n["pitch"])) for n in piece.notes]


def test_notes_chords_voices_and_parts_stand_where_they_sound():
    melody = [FIRST + note("C", 5, 1) + note("E", 5, 2)]
    piano = [
        FIRST
        + note("C", 3, 3)
        + note("G", 3, 3, before="<chord/>")
        + "<backup><duration>6</duration></backup><forward><duration>2</duration></forward>"
        + note("E", 4, 1)
    ]
    assert heard(score(melody, piano)) == [(0, 24, 48), (0, 24, 55), (0, 8, 72), (8, 8, 64), (8, 16, 76)]


def test_meter_tempo_dynamics_transposition_and_instruments_are_those_of_the_score():
    attributes = FIRST.replace("</attributes>", "<transpose><chromatic>-2</chromatic></transpose></attributes>")
    marks = "<direction-type><dynamics><{0}/></dynamics></direction-type>"
    direction = f'<direction>{marks}<sound dynamics="{{1}}"/></direction>'
    bars = [
        attributes + '<sound tempo="90"/>' + direction.format("p", 50) + note("D", 4, 1) + direction.format("sfz", 120)
        + note("D", 4, 1) + note("D", 4, 1)
    ]  # fmt: skip
    (piece,) = read_musicxml(score(bars, [FIRST + rest(3)]))
    assert piece.meters.tolist() == [(0, 3, 4)]
    assert piece.tempos.tolist() == [(0, 666_667)]
    assert piece.notes["pitch"].tolist() == [60, 60, 60]
    assert piece.notes["velocity"].tolist() == [45, 108, 45]  # the accent is of one note
    assert [(one.program, one.name) for one in piece.instruments] == [(71, "Clarinet")]


def test_tied_notes_are_one_also_over_a_bar_line_and_grace_notes_are_left_out():
    bars = [
        FIRST + note("C", 5, 2) + note("G", 4, 1, '<tie type="start"/>'),
        note("G", 4, 3, '<tie type="stop"/>') + note("A", 4, 0, before="<grace/>"),
    ]
    assert heard(score(bars, [FIRST + rest(3), rest(3)])) == [(0, 16, 72), (16, 32, 67)]


def test_an_upbeat_stands_before_the_second_bar_line():
    bars = [FIRST + note("G", 4, 1), note("C", 5, 3)]
    assert heard(score(bars, [FIRST + rest(1), rest(3)])) == [(16, 8, 67), (24, 24, 72)]


def test_movements_are_pieces_of_their_own_each_with_its_own_da_capo():
    final = "<barline location='right'><bar-style>light-heavy</bar-style></barline>"
    fine, capo = '<sound fine="yes"/>', '<sound dacapo="yes"/>'
    bars = [FIRST + note("C", 4, 3), note("D", 4, 3) + final, note("E", 4, 3) + fine, note("F", 4, 3) + capo + final]
    first, second = read_musicxml(score(bars, [FIRST + rest(3), *[rest(3)] * 3], numbers=["1", "2", "1", "2"]))
    assert first.notes["pitch"].tolist() == [60, 62]
    assert second.notes["pitch"].tolist() == [64, 65, 64]
    assert second.meters.tolist() == [(0, 3, 4)]  # it goes on holding


@pytest.mark.parametrize(
    ("bars", "order"),
    [
        ([{}, {"signs": {"backward"}}, {}], [0, 1, 0, 1, 2]),
        ([{}, {"signs": {"forward"}}, {"signs": {"backward"}, "times": 3}], [0, 1, 2, 1, 2, 1, 2]),
        (
            [{}, {"ending": (1,), "ends_ending": True, "signs": {"backward"}}, {"ending": (2,), "ends_ending": True}],
            [0, 1, 0, 2],
        ),
        ([{"signs": {"backward"}}, {"signs": {"fine"}}, {"signs": {"dacapo"}}], [0, 0, 1, 2, 0, 1]),
        ([{}, {"signs": {"segno"}}, {"signs": {"dalsegno"}}, {}], [0, 1, 2, 1, 2, 3]),
        ([{"signs": {"tocoda"}}, {"signs": {"dacapo"}}, {"signs": {"coda"}}], [0, 1, 0, 2]),
    ],
    ids=["repeat", "three times", "two endings", "da capo al fine", "dal segno", "coda"],
)  # fmt: skip
def test_repeats_are_played_as_musicians_play_them(bars, order):
    assert played_order([Bar(**bar) for bar in bars]) == order


@pytest.mark.parametrize("data", [b"no xml", b"<score-timewise/>", b"<score-partwise/>"])
def test_what_is_no_such_score_is_refused(data):
    with pytest.raises(DataError, match="is not"):
        read_musicxml(data)
