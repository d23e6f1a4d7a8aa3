"""What may be asked of a piece, and the sentences for what may not; from the command line too."""

from __future__ import annotations

import argparse
import math

import pytest

from model.cli import compose_options
from model.controls import Controls
from model.errors import RequestError
from model.generation import ComposeOptions
from model.generation.options import SamplingParameters


def test_what_is_usual_is_allowed():
    ComposeOptions().check()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (ComposeOptions(mode="compress"), "no mode 'compress'.*continue, vary, accompany"),
        (ComposeOptions(length_s=4.9), "between 5 and 300 seconds"),
        (ComposeOptions(length_s=300.1), "between 5 and 300 seconds"),
        (ComposeOptions(length_s=math.nan), "between 5 and 300 seconds"),
        (ComposeOptions(length_s=math.inf), "between 5 and 300 seconds"),
        (ComposeOptions(bars=0), "between 1 and 200 bars"),
        (ComposeOptions(bars=201), "between 1 and 200 bars"),
        (ComposeOptions(bars=8, length_s=30), "not both"),
        (ComposeOptions(strength=1.01), "between 0 .* and 1"),
        (ComposeOptions(strength=math.nan), "between 0 .* and 1"),
        (ComposeOptions(random_seed=-1), "from 0 on"),
        (ComposeOptions(sampling=SamplingParameters(temperature=0.09)), r"temperature must lie between 0\.1 and 2"),
        (ComposeOptions(sampling=SamplingParameters(temperature=math.nan)), r"between 0\.1 and 2"),
        (
            ComposeOptions(sampling=SamplingParameters(temperatures={"pitch": 2.1})),
            "temperature of 'pitch' must lie",
        ),
        (ComposeOptions(sampling=SamplingParameters(top_k=-1)), "Top-k must lie between 1 and 1000"),
        (ComposeOptions(sampling=SamplingParameters(top_p=0.01)), r"Top-p must lie between 0\.05 and 1"),
        (ComposeOptions(sampling=SamplingParameters(min_p=0.6)), r"Min-p must lie between 0 and 0\.5"),
    ],
)
def test_what_is_out_of_range_is_refused_in_a_sentence(options: ComposeOptions, sentence: str):
    with pytest.raises(RequestError, match=sentence):
        options.check()


def asked(*words: str) -> ComposeOptions:
    """What a command line asks."""
    parser = argparse.ArgumentParser()
    compose_options.add_arguments(parser)
    return compose_options.options_of(parser.parse_args(words))


def test_a_command_line_can_ask_for_everything():
    line = (
        "--mode vary --strength 0.4 --no-seed --bars 16 --random-seed 9 --style waltz --key Em --tempo 96 --meter 3/4"
    )
    taste = "--temperature 0.9 --temperature pitch=1.1 --top-k 40 --top-p 0.9 --min-p 0.02 --no-guard"
    controls = Controls(
        style="waltz", key="E minor", tempo_bpm=96, meter="3/4", density=2, instruments=("strings", "drums")
    )
    assert asked(*line.split(), "--density", "2", "--instruments", "Strings, drums", *taste.split()) == ComposeOptions(
        mode="vary",
        bars=16,
        controls=controls,
        sampling=SamplingParameters(0.9, 40, 0.9, 0.02, {"pitch": 1.1}),
        strength=0.4,
        random_seed=9,
        include_seed=False,
        repetition_penalty=False,
    )


def test_a_bare_command_line_asks_for_what_is_usual_and_draws_a_random_seed():
    one, other = asked(), asked()
    assert one.random_seed != other.random_seed
    assert one == ComposeOptions(random_seed=one.random_seed)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--temperature", "warm"], "'warm' is no temperature"),
        (["--temperature", "pitch=warm"], "is no temperature: write a number, or a field"),
        (["--key", "H"], "'H' is no key"),
        (["--meter", "7/7"], "'7/7' is no meter"),
        (["--instruments", "kazoo"], "'kazoo' is no instrument"),
        (["--tempo", "3"], "Tempo: .*20"),
        (["--density", "6"], "Density: .*5"),
    ],
)
def test_what_a_command_line_cannot_mean_is_said(words: list[str], sentence: str):
    with pytest.raises(RequestError, match=sentence):
        asked(*words)
