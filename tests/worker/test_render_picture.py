"""The picture is decoded and its pixels are asked whether the notes are where they should be."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from model.pictures.canvas import (
    BACKGROUND,
    BLACK_ROW,
    WHITE_ROW,
    covered,
    drawable,
    instrument_colour,
    loudness_colour,
)
from model.pictures.piano_roll import bar_ticks, clock, has_bars, instrument_names
from model.pictures.roll_layout import HEIGHT, WIDTH, Layout, note_boxes
from model.piece import METER, NOTE, TEMPO, Instrument, Piece, table
from worker.render import RenderSettings
from worker.render.media import PictureRenderer
from worker.render.renderer import RenderError, RenderOptions

GROUND = (WHITE_ROW, BLACK_ROW)


def picture(piece: Piece, seed_s: float = 0.0, title: str = "A piece"):
    """The pixels, uint8 (height, width, 3)."""
    made = PictureRenderer(RenderSettings()).render(piece, RenderOptions(seed_s=seed_s, title=title))
    image = Image.open(io.BytesIO(made.data))
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (WIDTH, HEIGHT))
    return np.asarray(image)


PIANO = (Instrument(),)


def piece(*rows, instruments=PIANO, **maps) -> Piece:
    """Rows of (onset, duration, pitch, velocity, instrument), a tick being a millisecond by default."""
    return Piece(notes=table(NOTE, rows), instruments=tuple(instruments), **maps)


def middles(made: Piece, seed_s: float = 0.0):
    """The middle pixel (row, column) of each note."""
    boxes = note_boxes(made, Layout.of(made, seed_s))
    return [((top + bottom) // 2, (left + right) // 2) for left, top, right, bottom in boxes.tolist()]


def test_every_note_is_where_it_should_be_in_the_colour_of_its_loudness():
    made = piece((0, 900, 40, 30, 0), (1000, 900, 60, 64, 0), (2000, 900, 83, 127, 0), (3000, 900, 101, 1, 0))
    pixels = picture(made)
    for place, note in zip(middles(made), made.notes, strict=True):
        assert tuple(pixels[place]) == loudness_colour(int(note["velocity"]))
    # Higher is further up, and where no note is there is ground.
    rows = [row for row, _ in middles(made)]
    assert rows == sorted(rows, reverse=True)
    first_row, second_column = rows[0], middles(made)[1][1]
    assert tuple(pixels[first_row, second_column + 5]) in GROUND


def test_places_agree_with_a_plain_count_of_semitones_and_seconds():
    made = piece((0, 1000, 48, 80, 0), (5000, 5000, 72, 80, 0))
    layout = Layout.of(made, 0)
    low, high = (note_boxes(made, layout)[index] for index in (0, 1))
    semitone = layout.roll.height / (layout.high - layout.low + 1)
    assert (low[1] - high[1]) / semitone == pytest.approx(24, abs=0.2)
    assert (high[0] - layout.plot.left) / layout.plot.width == pytest.approx(0.5, abs=0.002)
    assert layout.roll.top < high[1] < low[3] < layout.roll.bottom  # a margin on both sides


def test_the_seed_is_told_from_what_was_composed():
    made = piece((0, 800, 60, 100, 0), (3000, 800, 60, 100, 0), (4000, 900, 72, 100, 0))
    pixels, plain = picture(made, seed_s=2.0), picture(made)
    seed_note, composed_note, _ = middles(made, 2.0)
    assert tuple(pixels[composed_note]) == loudness_colour(100)
    assert tuple(pixels[seed_note]) != loudness_colour(100)
    # The ground is lighter under the seed, and as before under the rest.
    row = seed_note[0] + 40
    layout = Layout.of(made, 2.0)
    before, after = int(layout.x(1.3)), int(layout.x(2.6))
    assert pixels[row, before].sum() > plain[row, before].sum() + 20
    assert tuple(pixels[row, after]) == tuple(plain[row, after])
    # Words above both parts, and a divider between them.
    above = slice(layout.plot.top - 34, layout.plot.top - 4)
    for start, end in ((0.0, 1.9), (2.1, 4.8)):
        assert np.ptp(pixels[above, int(layout.x(start)) : int(layout.x(end))]) > 60
    edge = int(layout.x(2.0))
    assert (pixels[layout.plot.top : layout.plot.bottom, edge] > 180).all(axis=1).mean() > 0.3


@pytest.mark.parametrize("seed_s", [-1.0, 0.0, 0.001, 3.999, 4.0, 99.0])
def test_any_length_of_seed_is_drawn(seed_s):
    picture(piece((0, 800, 60, 100, 0), (3000, 1000, 60, 100, 0)), seed_s=seed_s)


def test_several_instruments_have_their_own_colours_and_drums_their_own_lane():
    band = [Instrument(0), Instrument(32), Instrument(is_drum=True)]
    made = piece(
        (0, 900, 72, 20, 0), (0, 900, 40, 120, 1), (1000, 50, 36, 90, 2), (2000, 50, 42, 90, 2), instruments=band
    )
    pixels = picture(made)
    layout = Layout.of(made, 0)
    for place, note in zip(middles(made), made.notes, strict=True):
        assert tuple(pixels[place]) == instrument_colour(int(note["instrument"]))
        assert (place[0] > layout.roll.bottom) == (note["instrument"] == 2)
    assert layout.drums.top > layout.roll.bottom


def test_voices_that_share_an_instrument_are_told_apart_by_their_own_names():
    rows = [(0, 400, 60 + number, 80, number) for number in range(4)]
    voices = (
        Instrument(52, name="Soprano"),
        Instrument(52, name="Bass"),
        Instrument(52, name="声"),
        Instrument(73, name="Solo"),
    )
    made = Piece(notes=table(NOTE, rows), instruments=voices)
    assert instrument_names(made, [0, 1, 2, 3]) == {0: "Soprano", 1: "Bass", 2: "Choir Aahs", 3: "Flute"}


def test_drums_alone_fill_the_picture():
    made = piece((0, 50, 36, 90, 0), (1000, 50, 38, 40, 0), instruments=[Instrument(is_drum=True)])
    pixels = picture(made)
    assert Layout.of(made, 0).roll is None
    for place, note in zip(middles(made), made.notes, strict=True):
        assert tuple(pixels[place]) == loudness_colour(int(note["velocity"]))


@pytest.mark.parametrize("rows", [[(0, 1, 0, 1, 0)], [(0, 1, 127, 127, 0)], [(0, 1, 0, 9, 0), (9, 1, 127, 9, 0)]])
def test_the_ends_of_the_keyboard_fit(rows):
    made = piece(*rows)
    pixels = picture(made)
    for place in middles(made):
        assert tuple(pixels[place]) not in GROUND


def test_the_very_last_note_is_not_lost_at_the_edge():
    made = piece((0, 600_000, 60, 80, 0), (599_999, 1, 72, 80, 0))
    assert tuple(picture(made)[middles(made)[1]]) == loudness_colour(80)


def test_twenty_thousand_notes_of_32_instruments_are_drawn():
    rng = np.random.default_rng(1)
    notes = np.zeros(20_000, NOTE)
    notes["onset"] = rng.integers(0, 300_000, len(notes))
    notes["duration"], notes["velocity"] = 200, 90
    notes["pitch"], notes["instrument"] = rng.integers(0, 128, len(notes)), rng.integers(0, 32, len(notes))
    voices = tuple(Instrument(program=number, is_drum=number == 9) for number in range(32))
    pixels = picture(Piece(notes=notes, instruments=voices), seed_s=100)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 32


def test_no_pixel_is_pure_white_and_the_ground_is_discords():
    pixels = picture(piece((0, 800, 60, 127, 0)), seed_s=0.4)
    assert not (pixels == 255).all(axis=2).any()
    assert tuple(pixels[2, 2]) == BACKGROUND


@pytest.mark.parametrize("title", ["", "Prélude ♪", "x" * 5000, "作曲", "a\nb\x00c"])
def test_any_title_can_be_drawn(title):
    picture(piece((0, 800, 60, 127, 0)), title=title)


def test_a_title_is_written_in_the_letters_there_are():
    assert drawable("Prélude – № 1\n«Ő»") == "Prélude – № 1 «Ő»"
    assert drawable("Калинка, Ζορμπάς") == "Калинка, Ζορμπάς"
    assert drawable("作曲 Ver. 2 \U0001f3b9") == "Ver. 2"
    assert drawable("\uff21\uff22 שלום") == "AB"


def test_nothing_is_drawn_that_the_font_has_only_a_box_for():
    everything = "".join(map(chr, range(0x20, 0x3000)))
    assert {ord(letter) for letter in drawable(everything) if not letter.isascii()} <= covered()


def test_no_notes_are_refused():
    with pytest.raises(RenderError, match="no notes"):
        picture(piece())


def test_bars_are_drawn_only_where_the_piece_has_them():
    rng = np.random.default_rng(0)
    free = piece(*[(int(onset), 90, 60, 80, 0) for onset in np.sort(rng.integers(0, 20_000, 80))])
    eighths = piece(*[(250 * step, 200, 60, 80, 0) for step in range(40)])
    triplets = piece(*[(round(500 * step / 3), 90, 60, 80, 0) for step in range(40)])
    waltz = piece((17, 90, 60, 80, 0), (333, 90, 60, 80, 0), meters=table(METER, [(0, 3, 4)]))
    slow = piece((17, 90, 60, 80, 0), (333, 90, 60, 80, 0), tempos=table(TEMPO, [(0, 700_000)]))
    assert [has_bars(made) for made in (free, eighths, triplets, waltz, slow)] == [False, True, True, True, True]


def test_bar_lines_follow_the_meter():
    made = piece((0, 9000, 60, 80, 0), meters=table(METER, [(0, 4, 4), (4000, 3, 4)]))
    assert bar_ticks(made).tolist() == [0, 2000, 4000, 5500, 7000, 8500]


def test_a_meter_without_sense_makes_no_endless_lines():
    made = piece((0, 1_000_000, 60, 80, 0), meters=table(METER, [(0, 1, 128)]), ticks_per_quarter=24)
    picture(made)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.5, "0:00.5"), (59.96, "1:00"), (75, "1:15"), (600, "10:00")]
)
def test_times_are_written_as_minutes_and_seconds(seconds, text):
    assert clock(seconds) == text
