"""music21's corpus: scores as pieces, licences, and a conversion that is resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.corpora.catalogue import find_data
from model.corpora.readers import music21_corpus
from model.corpora.readers.music21_corpus import (
    COLLECTIONS,
    chosen,
    convert,
    installed_corpus,
    states_restriction,
    tunes,
    works,
)
from model.corpora.readers.music21_scores import parse_pieces
from model.corpora.sources import read_sources
from model.errors import DataError
from model.midi import read_midi
from model.piece import Piece

TUNE = """X:1
T:A Tune
M:3/4
L:1/8
Q:1/4=90
K:G
D2|:"G"G2 B2 d2|[GBd]2 d-d d2|{a}g2 f>e d2|1 D6:|2 G6||
"""
BOOK = f"% a book of airs\n\n{TUNE}\n{TUNE.replace('X:1', 'X:2').replace('A Tune', 'Another')}"
ATTRIBUTES = (
    """<attributes><divisions>1</divisions><time><beats>2</beats><beat-type>4</beat-type></time></attributes>"""
)
SCORE = """<?xml version="1.0"?><score-partwise version="3.0">{head}<part-list>
<score-part id="P1"><part-name>Violin I</part-name></score-part>
<score-part id="P2"><part-name>Tenor</part-name></score-part></part-list>
<part id="P1"><measure number="1">{attributes}
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration></note></measure></part>
<part id="P2"><measure number="1"><note><pitch><step>E</step><octave>3</octave></pitch><duration>2</duration></note>
</measure></part></score-partwise>"""


@pytest.fixture(scope="module")
def tune() -> Piece:
    (piece,) = parse_pieces(TUNE, program=40)
    return piece


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of two books of airs and two scores, one of which reserves all rights."""
    files = {
        "airdsAirs/book1.abc": BOOK,
        "airdsAirs/book2.abc": "X:9\nT:broken\nK:nonsense\n" + "|[" * 3,
        "trecento/free.xml": SCORE.format(attributes=ATTRIBUTES, head=""),
        "trecento/reserved.xml": SCORE.format(
            attributes=ATTRIBUTES, head="<identification><rights>(C) A. Press</rights></identification>"
        ),
    }
    for name, text in files.items():
        (tmp_path / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "corpus" / name).write_text(text)
    return tmp_path / "corpus"


def test_repeats_are_played_ties_joined_and_chord_symbols_and_graces_left_out(tune):
    bar = 3 * tune.ticks_per_quarter
    pitches = [pitch for onset, _, pitch, _, _ in tune.notes.tolist()]
    once = [67, 71, 74, 67, 71, 74, 74, 74, 79, 78, 76, 74]
    assert pitches == [62, *once, 62, *once, 67]
    assert tune.notes["onset"].max() == 8 * bar
    tied = tune.notes[(tune.notes["onset"] == 2 * bar + tune.ticks_per_quarter)]
    assert tied["duration"].tolist() == [tune.ticks_per_quarter]


def test_a_da_capo_plays_the_beginning_again_up_to_its_fine(tmp_path):
    says = "<direction><direction-type><words>{}</words></direction-type></direction>"
    before, after = {1: ATTRIBUTES}, {2: says.format("Fine"), 4: says.format("D.C. al Fine")}
    bars = "".join(
        f'<measure number="{number}">{before.get(number, "")}<note><pitch><step>{step}</step><octave>5</octave></pitch>'
        f"<duration>2</duration></note>{after.get(number, '')}</measure>"
        for number, step in enumerate("CDEF", 1)
    )
    parts = '<part-list><score-part id="P1"><part-name>Violin</part-name></score-part></part-list>'
    (tmp_path / "score.xml").write_text(
        f'<?xml version="1.0"?><score-partwise version="3.0">{parts}<part id="P1">{bars}</part></score-partwise>'
    )
    (piece,) = parse_pieces(tmp_path / "score.xml")
    assert piece.notes["pitch"].tolist() == [72, 74, 76, 77, 72, 74]
    assert piece.notes["onset"].tolist() == [960 * bar for bar in range(6)]


def test_the_first_bar_line_comes_after_the_upbeat(tune):
    bar = 3 * tune.ticks_per_quarter
    assert tune.notes["onset"][:2].tolist() == [2 * tune.ticks_per_quarter, bar]
    assert tune.meters.tolist() == [(0, 3, 4)]
    assert tune.tempos["quarter_us"].tolist() == [round(60e6 / 90)]
    assert tune.title == "A Tune"


def test_parts_sound_as_they_are_named_and_unnamed_ones_as_asked(tmp_path, tune):
    (tmp_path / "score.xml").write_text(SCORE.format(attributes=ATTRIBUTES, head=""))
    (piece,) = parse_pieces(tmp_path / "score.xml", program=73, quarter_bpm=72)
    assert [(part.name, part.program) for part in piece.instruments] == [("Violin I", 40), ("Tenor", 52)]
    assert piece.tempos["quarter_us"].tolist() == [round(60e6 / 72)]
    assert tune.instruments[0].program == 40


def test_a_chorale_of_the_corpus_has_its_four_voices():
    (piece,) = parse_pieces(installed_corpus() / "bach" / "bwv66.6.mxl")
    assert [part.name for part in piece.instruments] == ["Soprano", "Alto", "Tenor", "Bass"]
    assert {part.program for part in piece.instruments} == {52}
    first = piece.notes[piece.notes["onset"] == piece.notes["onset"][0]]
    assert sorted(first["pitch"].tolist()) == [57, 57, 64, 73]


def test_a_book_is_cut_into_its_tunes():
    assert [tune.splitlines()[1] for tune in tunes(BOOK.replace("\n", "\r\n"))] == ["T:A Tune", "T:Another"]
    assert tunes("no tune at all") == []


@pytest.mark.parametrize(
    ("text", "is_restricted"),
    [
        (b"Z: transcribed by a friend", False),
        (b"<rights>Public Domain (Encoding: CC0)</rights>", False),
        (b"<rights/><rights> </rights>", False),
        (b"<rights>Copyright \xc2\xa9 2003 A. Press</rights>", True),
        (b"<rights>2010 -- freely distributed under a CC-BY-SA 3.0 license</rights>", True),
        (b"!!!YEM: Rights to all derivative electronic formats reserved.", True),
        (b"% GNU General Public License", True),
        (b"for Non-Commercial use", True),
    ],
)
def test_a_score_that_states_a_restriction_is_known(text, is_restricted):
    assert states_restriction(text) == is_restricted


def test_restricted_collections_are_taken_only_by_name():
    assert {one.folder for one in chosen("")}.isdisjoint({"palestrina", "essenFolksong", "nottingham-dataset"})
    assert all(one.restriction for one in chosen("palestrina") + chosen("folk-song"))
    assert len({one.folder for one in COLLECTIONS}) == len(COLLECTIONS)
    with pytest.raises(DataError, match=r"has no part 'jazz' here; it has: .*madrigal"):
        find_data("music21:jazz")


def test_the_corpus_becomes_midi_by_style_and_what_is_reserved_or_broken_stays_out(corpus, tmp_path):
    found = find_data("music21", corpus, tmp_path / "cache")
    sources = [source for path in found.paths for source in read_sources(path)]
    assert [(one.name, one.style) for one in sources] == [
        ("trecento/trecento-free-0.mid", "trecento"),
        ("air/airdsairs-book1-0000-0.mid", "air"),
        ("air/airdsairs-book1-0001-0.mid", "air"),
    ]
    piece = read_midi(sources[1].data).piece
    assert [part.program for part in piece.instruments] == [73]
    assert not found.non_commercial
    assert find_data("music21:air", corpus, tmp_path / "cache").paths == found.paths[1:]  # not made once more
    with pytest.raises(DataError, match=r"No score .* can be read"):
        find_data("music21:madrigal", corpus, tmp_path / "cache")


def test_a_conversion_goes_on_where_it_was_stopped(corpus, tmp_path, monkeypatch):
    collection = chosen("trecento")[0]
    found = list(works(corpus, collection))
    assert convert(found, tmp_path / "out", 1) == {}
    table = (tmp_path / "out/table.csv").read_text()
    with (tmp_path / "out" / music21_corpus.NOTES).open("a") as notes:
        notes.write('["torn by a ki')
    asked: list[list] = []
    monkeypatch.setattr(music21_corpus, "map_isolated", lambda task, items, **_: iter(asked.append(list(items)) or ()))
    assert convert(found, tmp_path / "out", 1) == {}
    assert (tmp_path / "out/table.csv").read_text() == table
    assert asked == [[]]


def test_a_work_that_cannot_be_read_is_listed_with_the_reason(corpus, tmp_path):
    (corpus / "trecento/free.xml").write_text("<score-partwise><part")
    refused = convert(list(works(corpus, chosen("trecento")[0])), tmp_path / "out", 1)
    assert list(refused) == ["trecento-free"]
    assert "cannot be read" in refused["trecento-free"]
