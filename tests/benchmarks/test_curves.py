"""A curve becomes a plot that a browser draws, and a list of its figures."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from benchmarks import curves, drawing
from benchmarks.curves import Curve

MADE = Curve("slots", "Pieces side by side", "pieces", "notes a second", [1.0, 2.0, 4.0], [100.0, 190.0, 350.0])


def test_a_curve_is_written_as_svg_and_as_json(tmp_path):
    data, plot = curves.write(tmp_path / "docs", [MADE])
    assert json.loads(data.read_text())[0]["ys"] == MADE.ys
    words = "".join(ElementTree.fromstring(plot.read_text()).itertext())  # noqa: S314 - made a line above
    assert all(word in words for word in ("Pieces side by side", "notes a second", "pieces"))


def test_the_same_figures_give_the_same_plot(tmp_path):
    one, other = (curves.write(tmp_path / name, [MADE])[1].read_bytes() for name in ("one", "other"))
    assert one == other


def test_speed_is_measured_for_every_number_of_pieces_and_the_best_round_counts(monkeypatch):
    class Ours:
        def __init__(self, slots: int, units: int, notes: int) -> None:
            assert notes >= curves.FEWEST_NOTES
            self.rates = iter([1.0 * slots * units, 3.0 * slots * units, 2.0 * slots * units])
            open_engines.append(self)

        def round(self) -> float:
            return next(self.rates)

        def close(self) -> None:
            open_engines.remove(self)

    open_engines: list[Ours] = []
    monkeypatch.setattr(drawing, "Ours", Ours)
    assert curves.slots(counts=(1, 2), units=10).ys == [30.0, 60.0]
    assert curves.width(widths=(4, 8)).ys == [12.0, 24.0]
    assert open_engines == []
