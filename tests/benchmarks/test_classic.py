"""The classic side is what it is said to be."""

from __future__ import annotations

from benchmarks import classic


def test_the_classic_network_has_the_size_of_the_tutorials():
    assert classic.network().count_params() == 5_474_406


def test_the_classic_loop_draws_notes_one_by_one(monkeypatch):
    seen = []

    class Model:
        def predict(self, heard, verbose):
            seen.append(heard)
            return [[0.1, 0.7, 0.2]]

    monkeypatch.setattr(classic, "network", Model)
    compose = classic.loop(notes=3)
    assert compose() > 0
    assert [heard.shape for heard in seen] == [(1, classic.WINDOW, 1)] * 6  # three of them to warm up
    assert seen[-1][0, -1, 0] == 1 / classic.VOCABULARY  # the note before, as one number


def test_the_classic_fit_predicts_one_note_for_each_window(monkeypatch):
    fitted = []

    class Model:
        def compile(self, **_):
            pass

        def fit(self, windows, targets, batch_size, epochs, verbose):
            fitted.append((windows.shape, targets.shape, batch_size))

    monkeypatch.setattr(classic, "network", Model)
    assert classic.fit(batches=2)() > 0
    batch = classic.BATCH
    assert fitted[-1] == ((2 * batch, classic.WINDOW, 1), (2 * batch, classic.VOCABULARY), batch)
