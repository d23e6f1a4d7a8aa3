"""Ratios and goals of parts; the table reads right, and the JSON of a part is one object with its raw figures."""

from __future__ import annotations

import json

import pytest

from benchmarks import __main__ as program
from benchmarks.parts import ALL, PARTS
from benchmarks.results import SECONDS, BenchmarkError, FailedPart, Measured, Part, as_json, table, text


def measured(unit: str, ours: float, baseline: float) -> Measured:
    return Measured(unit, ours, baseline, against="something", counted="one round")


def test_more_notes_are_better():
    assert measured("notes/s", 1200.0, 4.0).ratio == 300.0


def test_fewer_seconds_are_better():
    assert measured(SECONDS, 2.0, 100.0).ratio == 50.0


@pytest.mark.parametrize(("ratio", "met"), [(2.9, "no"), (3, "must"), (9.99, "must"), (10, "aim"), (11, "aim")])
def test_a_goal_is_met_from_its_value_on(ratio, met):
    part = Part("some", "something.", 3, 10, lambda: measured("notes/s", ratio, 1.0))
    assert part.met(part.measure().ratio) == met


def test_every_part_has_its_goals():
    goals = {part.name: (part.must, part.aim) for part in ALL}
    assert goals == {
        "decode1": (300, 600),
        "decode1-limit": (0.35, 0.70),
        "decode32-limit": (0.5, 0.8),
        "peers": (3, 10),
        "load": (0.85, 0.95),
        "compose": (30, 100),
        "render": (40, 150),
        "prepare": (300, 1000),
        "train": (50, 150),
    }


def test_every_part_is_found_by_its_name_and_says_what_its_ratio_is():
    assert list(PARTS) == [part.name for part in ALL]
    assert all(part.says.endswith(".") and not part.says.startswith(part.name) for part in ALL)


def rates() -> Measured:
    return Measured("notes/s", 1500.0, 5.0, "the classic loop", "the best of 3", {"rounds": [1400.0, 1500.0]})


def seconds() -> Measured:
    return Measured(SECONDS, 1.25, 100.0, "the classic loop", "the best of 3")


FAST = Part("fast", "notes a second.", must=300, aim=600, measure=rates)
SOON = Part("soon", "how much sooner.", must=0.5, aim=100, measure=seconds)


def test_a_part_as_json_has_ratio_goals_and_raw_figures():
    found = json.loads(text(as_json(FAST, FAST.measure())))
    assert (found["part"], found["ratio"], found["must"], found["aim"], found["met"]) == ("fast", 300, 300, 600, "must")
    assert (found["ours"], found["baseline"], found["unit"]) == (1500.0, 5.0, "notes/s")
    assert found["rounds"] == [1400.0, 1500.0]
    assert found["cores"] >= 1
    assert found["processor"]


def test_the_table_has_a_row_for_each_part():
    objects = {part.name: as_json(part, part.measure()) for part in (FAST, SOON)}
    head, line, fast, soon, *_ = table((FAST, SOON), objects).splitlines()
    assert head.split() == ["part", "ours", "baseline", "unit", "ratio", "must", "aim", "met"]
    assert set(line) == {"-"}
    assert fast.split() == ["fast", "1,500", "5.0", "notes/s", "300", "300", "600", "must"]
    assert soon.split() == ["soon", "1.25", "100.00", "s", "80", "0.50", "100", "must"]


def test_the_table_says_of_each_part_what_its_ratio_is():
    assert table((FAST,), {"fast": as_json(FAST, rates())}).splitlines()[-1] == "fast: notes a second."


def test_a_part_that_failed_has_a_row_without_figures():
    row = table((FAST,), {"fast": FailedPart("It did not run.")}).splitlines()[2]
    assert row.split() == ["fast", "-", "-", "-", "-", "300", "600", "failed"]


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs `python -m benchmarks` in this process with made-up parts; exit code, standard output, standard error."""
    monkeypatch.setattr(program, "ALL", (FAST, SOON))
    monkeypatch.setattr(program, "PARTS", {part.name: part for part in (FAST, SOON)})

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["benchmarks", *arguments])
        code = program.main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_json_of_one_part_is_its_object(run):
    code, out, _ = run("fast", "--json")
    assert code == 0
    assert json.loads(out)["ratio"] == 300


def test_the_json_of_several_parts_is_an_object_for_each_by_name(run, monkeypatch):
    monkeypatch.setattr(
        program, "measure_in_process", lambda name: as_json(program.PARTS[name], program.PARTS[name].measure())
    )
    code, out, _ = run("--json")
    assert code == 0
    assert {name: part["ratio"] for name, part in json.loads(out).items()} == {"fast": 300, "soon": 80}


def test_one_part_that_fails_does_not_hide_the_others(run, monkeypatch):
    def elsewhere(name: str):
        return FailedPart("It was too much.") if name == "fast" else as_json(SOON, seconds())

    monkeypatch.setattr(program, "measure_in_process", elsewhere)
    code, out, err = run()
    assert code == 1
    assert "failed" in out
    assert "80" in out
    assert "fast failed: It was too much." in err


def test_what_cannot_be_measured_is_said_in_a_sentence(run, monkeypatch):
    def broken() -> Measured:
        raise BenchmarkError("There is no queue.")

    monkeypatch.setitem(program.PARTS, "fast", Part("fast", "notes.", 1, 2, broken))
    code, out, err = run("fast")
    assert (code, out, err) == (1, "", "There is no queue.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [(["slow"], "there is no part slow"), (["curves", "fast"], "curves cannot be combined with parts")],
)
def test_what_the_command_line_cannot_mean_is_refused(run, capsys, arguments, sentence):
    with pytest.raises(SystemExit):
        run(*arguments)
    assert sentence in capsys.readouterr().err
