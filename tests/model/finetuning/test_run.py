"""Fine-tuning from beginning to end: it learns the set, and what is written beside the bundle says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import model.training.finetuning.run
from model.__main__ import main
from model.bundles import Bundle, open_bundle
from model.bundles.training_artifacts import ReplaySample
from model.errors import ModelError
from model.midi import read_midi
from model.training.finetuning import CardText, TuningProgress, TuningSettings, TuningVerdict, tune
from model.training.finetuning.curve import draw_curve
from model.training.finetuning.settings import EpochFigures, chosen_epoch
from model.training.finetuning.verdict import NO_REPLAY_SAMPLE, Figures, OriginalityFigures, sentences

QUICK = TuningSettings(epochs=2, rate="strong")


@pytest.fixture(scope="module")
def tuned(
    base: Bundle, songs: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, TuningVerdict, list[TuningProgress]]:
    """A whole run: its folder, its verdict and all it reported."""
    folder, reports = tmp_path_factory.mktemp("tuned"), []
    about = CardText(title="Walks", licence="CC0-1.0", data="twelve walks", non_commercial=True)
    return folder, tune(base, songs, folder, QUICK, about, reports.append), reports


def test_it_learns_the_set_and_says_so(tuned):
    folder, verdict, reports = tuned
    assert verdict.gain_percent > 5
    assert verdict.loss_percent is not None
    assert (verdict.train_pieces, verdict.held_out_pieces, verdict.epochs) == (9, 3, 2)
    assert "lower prediction error" in verdict.sentences[0]
    assert TuningVerdict.model_validate_json((folder / "verdict.json").read_bytes()) == verdict
    assert (folder / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert {report.stage for report in reports} == {"preparing", "training", "judging"}
    assert reports[-1].fraction == 1.0


def test_the_bundle_carries_what_the_next_one_needs(tuned, replay_sample: ReplaySample, base: Bundle):
    folder, verdict, reports = tuned
    bundle = open_bundle(str(folder))
    assert (bundle.version, bundle.config) == (verdict.version, base.config)
    assert bundle.replay_sample().train.styles == replay_sample.train.styles
    assert bundle.originality() is not None
    assert bundle.priors is not None
    assert (bundle.card.title, bundle.card.non_commercial) == ("Walks", True)
    assert "twelve walks" in bundle.card.data
    assert bundle.card.figures["epoch"] == chosen_epoch(reports[-1].history).epoch == verdict.epoch


def test_three_beginnings_are_continued_before_and_after(tuned):
    folder, verdict, _ = tuned
    assert verdict.listening == tuple(
        f"listening/{number}-{when}.mid" for number in (1, 2, 3) for when in ("after", "before")
    )
    before, after = (read_midi((folder / f"listening/1-{when}.mid").read_bytes()).piece for when in ("before", "after"))
    assert 15 < after.end_s < 45
    assert (before.notes[:10]["pitch"] == after.notes[:10]["pitch"]).all()  # both begin with the seed


def test_asked_again_it_answers_from_what_is_there(tuned, base: Bundle, songs: Path, monkeypatch: pytest.MonkeyPatch):
    folder, verdict, _ = tuned
    monkeypatch.setattr(model.training.finetuning.run, "judged", None)  # would fail
    assert tune(base, songs, folder, QUICK) == verdict
    # and a bundle that a kill left half-written is written again, and judged anew
    (folder / "weights.npz").write_bytes(b"half")
    monkeypatch.setattr(model.training.finetuning.run, "judged", lambda *_: (verdict.originality, verdict.listening))
    assert tune(base, songs, folder, QUICK, CardText(title="Walks")).val_after == verdict.val_after
    assert open_bundle(str(folder)).weights


def test_the_shell_tunes_a_preset_from_scratch_with_nothing_before(songs: Path, tmp_path: Path, capsys):
    arguments = ["train", "--preset", "tiny", "--data", str(songs), "--out", str(tmp_path), "--json"]
    assert main([*arguments, "--rate", "normal", "--epochs", "1"]) == 0
    said = capsys.readouterr()
    verdict = TuningVerdict.model_validate_json(said.out)
    assert (verdict.val_before, verdict.gain_percent, verdict.base_before) == (None, None, None)
    assert all("after" in name for name in verdict.listening)
    assert "lower is better" in verdict.sentences[0]
    assert "epoch 1: held-out pieces" in said.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--mix", "0.99"], "--mix: "),
        (["--minutes", "0"], "--minutes: "),
        (["--rate", "gentle", "--learning-rate", "0.1"], "--learning-rate is no option of fine-tuning"),
        (["--rate", "gentle", "--preset", "nobody"], "There is no preset 'nobody'"),
    ],
)
def test_the_shell_refuses_in_a_sentence(options: list[str], sentence: str, songs: Path, tmp_path: Path, capsys):
    assert main(["train", "--data", str(songs), "--out", str(tmp_path / "out"), *options]) == 1
    assert sentence in capsys.readouterr().err


def test_one_piece_is_too_few(base: Bundle, songs: Path, tmp_path: Path):
    (tmp_path / "data").mkdir()
    for name in ("a.mid", "b.mid"):
        (tmp_path / "data" / name).write_bytes((songs / "00.mid").read_bytes())
    with pytest.raises(ModelError, match="at least two different pieces"):
        tune(base, tmp_path / "data", tmp_path / "out", QUICK)


def originality(share_16: float | None, human: float | None) -> OriginalityFigures:
    return OriginalityFigures(pieces=12, share_16=share_16, longest_run=20, human_share_16=human, human_longest_run=9)


def test_the_sentences_say_what_the_figures_mean():
    figures = Figures(val_before=10, val_after=9, base_before=5, base_after=5.2)
    said = sentences(figures, originality(0.5, 0.1), 3, has_base=True)
    assert "10.0 % lower prediction error" in said[0]
    assert "forgot some" in said[1]
    assert said[2].startswith("It copies")
    figures = Figures(val_before=10, val_after=10.5, base_before=5, base_after=5)
    said = sentences(figures, originality(0.05, None), 1, has_base=True)
    assert "No clear gain" in said[0]
    assert "forgot nothing" in said[1]
    assert said[2].startswith("It doesn't copy")
    # a base without a replay sample says so, and nothing is said of a base that there is not
    figures = Figures(val_before=10, val_after=9, base_before=None, base_after=None)
    assert NO_REPLAY_SAMPLE in sentences(figures, originality(None, None), 3, has_base=True)
    assert len(sentences(figures, originality(None, None), 3, has_base=False)) == 2
    json.dumps(said)


@pytest.mark.parametrize("epochs", [0, 1, 2, 30])
@pytest.mark.parametrize("base_nats", [None, 9.0])
def test_the_curve_is_drawn_from_the_first_figures_on(epochs: int, base_nats: float | None):
    history = [
        EpochFigures(epoch=epoch, val_nats=20 / (1 + epoch), base_nats=base_nats, train_nats=8.0 if epoch else None)
        for epoch in range(epochs + 1)
    ]
    assert draw_curve(history, "Stücke “von” früher").startswith(b"\x89PNG")
    assert draw_curve([]).startswith(b"\x89PNG")
