"""The contract says the same as the model: limits, modes, options, what a bundle can be asked for."""

from __future__ import annotations

import pytest

from jobs import contract
from jobs.contract import ComposeRequest, Creativity, Mode
from model import instruments
from model.analysis.originality import Originality
from model.bundles.abilities import abilities_of
from model.bundles.priors import Ensemble, Player, Priors
from model.controls import DENSITIES, FAMILIES, METERS, Controls
from model.errors import RequestError
from model.generation import MODES, ComposeOptions, options
from model.generation.control_checks import Missed
from model.generation.options import SamplingParameters
from model.keys import KEYS
from model.network.config import NetworkConfig
from worker import mapping


def asked(**wishes) -> ComposeRequest:
    return ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=9, **wishes)


@pytest.mark.parametrize(
    "name",
    [
        "MIN_LENGTH_S", "MAX_LENGTH_S", "DEFAULT_LENGTH_S", "MIN_BARS", "MAX_BARS", "MIN_TEMPERATURE",
        "MAX_TEMPERATURE", "MAX_TOP_K", "MIN_TOP_P", "MAX_MIN_P",
    ],
)  # fmt: skip
def test_both_have_the_same_limits(name):
    assert getattr(contract, name) == getattr(options, name)


def test_both_have_the_same_modes_and_levels_of_density():
    assert tuple(Mode) == MODES
    assert len(contract.DENSITY_WORDS) == DENSITIES


@pytest.mark.parametrize("tempo_bpm", [contract.MIN_TEMPO_BPM, contract.MAX_TEMPO_BPM])
def test_the_model_takes_every_tempo_that_can_be_asked_for(tempo_bpm):
    assert mapping.options(asked(tempo_bpm=tempo_bpm)).controls.tempo_bpm == tempo_bpm


def test_what_is_left_open_is_what_the_model_does_by_itself():
    assert mapping.options(asked()) == ComposeOptions(random_seed=9)


def test_everything_asked_reaches_the_model():
    request = asked(
        mode="vary", bars=8, style="waltz", key="f#m", tempo_bpm=90, meter="3/4", density=2,
        instruments=("Bass", "drums"), strength=0.1, temperature=0.7, top_k=5, top_p=0.8, min_p=0.1, include_seed=False,
    )  # fmt: skip
    assert mapping.options(request) == ComposeOptions(
        mode="vary",
        bars=8,
        controls=Controls(
            style="waltz", key="F# minor", tempo_bpm=90, meter="3/4", density=2, instruments=("bass", "drums")
        ),
        sampling=SamplingParameters(temperature=0.7, top_k=5, top_p=0.8, min_p=0.1),
        strength=0.1,
        random_seed=9,
        include_seed=False,
    )


def test_creativity_in_words_means_a_temperature():
    drawn = [mapping.options(asked(creativity=word)).sampling.temperature for word in Creativity]
    assert drawn == [0.8, 1.0, 1.2]


@pytest.mark.parametrize("wish", [{"meter": "13/16"}, {"instruments": ("kazoo",)}])
def test_what_no_model_knows_is_refused_in_the_model_s_words(wish):
    with pytest.raises(RequestError) as refusal:
        mapping.options(asked(**wish))
    assert "These are known" in refusal.value.sentence


def test_a_key_is_asked_for_as_musicians_write_it_and_told_by_its_name():
    assert mapping.followed(mapping.options(asked(key="Bbm")).controls) == contract.Controls(key="Bb minor")


def test_only_what_was_asked_for_is_told_as_followed():
    assert mapping.followed(Controls()).asked == {}


def test_an_instrument_is_asked_for_by_its_name_and_told_by_it():
    wishes = mapping.options(asked(instruments=("Flute", "strings", "violin", "drum kit"))).controls
    assert mapping.followed(wishes).instruments == ("flute", "strings", "violin", "drums")


def test_every_name_stands_for_a_family_and_for_one_only():
    assert {instruments.family_of(name) for name in instruments.NAMES} == set(FAMILIES)
    assert len(set(instruments.NAMES)) == len(instruments.NAMES)


def test_what_the_piece_does_not_have_is_told_with_the_reason():
    found = (Missed("instruments", "bass", "Asked for bass: this model hasn't learnt bass; played piano alone."),)
    (told,) = mapping.missed(found)
    assert (told.control, told.asked, told.reason) == ("instruments", "bass", found[0].reason)


def test_an_originality_figure_is_told_whole():
    found = Originality(0.5, None, 12, 0.4, 0.01, 20.5)
    assert mapping.originality(found) == contract.Originality(
        share_8=0.5, share_16=None, longest_run=12, human_share_8=0.4, human_share_16=0.01, human_longest_run=20.5
    )
    assert mapping.originality(None) is None


def told_of(config: NetworkConfig, priors: Priors | None = None) -> contract.ModelInfo:
    return contract.ModelInfo(name="a", version="1", title="A", **vars(abilities_of(config, priors)))


def test_a_bundle_says_what_it_can_be_asked_for():
    told = told_of(NetworkConfig(styles=("waltz",)))
    assert (told.keys, told.styles) == (KEYS, ("waltz",))
    assert {"style", "key", "density"} <= set(told.controls)
    assert not told.has_beat
    assert set(told.modes) == set(Mode)


def test_a_bundle_of_several_instruments_plays_to_a_beat():
    told = told_of(NetworkConfig(representation="score"))
    assert told.has_beat
    assert told.meters == METERS


def test_a_bundle_names_the_instruments_that_its_training_set_has_and_those_like_them_and_no_others():
    priors = Priors(
        ensembles=(
            Ensemble(players=(Player(program=0, share=0.7), Player(program=73, share=0.3)), share=1.0, voices=2.0,
                     together=0.2),
        )
    )  # fmt: skip
    told = told_of(NetworkConfig(representation="score"), priors)
    assert {"piano", "flute", "pipe", "clarinet"} <= set(told.instruments)
    assert not {"drums", "drum kit", "sound effects", "percussive"} & set(told.instruments)


def test_progress_is_told_in_the_time_that_the_length_was_asked_in():
    def told(share: float, **wishes: object) -> tuple | None:
        music = mapping.music(asked(**wishes), share)
        return None if music is None else (music.done, music.whole, music.unit)

    seed = {"seed": contract.BlobRef(digest="0" * 64, size=1, name="a.mid")}
    assert told(0.5, length_s=40) == (20, 40, "s")
    assert told(0.25, bars=8) == (2, 8, "bars")
    assert told(0.1) == (3, contract.DEFAULT_LENGTH_S, "s")
    assert told(0.1, **seed) == (3, contract.DEFAULT_LENGTH_S, "s")
    assert told(0.1, **seed, mode="vary") is None  # as long as its seed
    assert told(1.2, length_s=40) == (40, 40, "s")


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("Waltz in F# minor · 96 bpm · 3/4 · strings", "waltz-in-f-sharp-minor-96-bpm-3-4-strings"),
        ("Bb dúo — über/../*?", "bb-duo-uber"),
        ("日本", "piece"),
        ("Accompaniment in Eb minor · 120 bpm · 12/8 · piano, flute, winds and brass",
         "accompaniment-in-eb-minor-120-bpm-12-8-piano-flute-winds"),
    ],
)  # fmt: skip
def test_a_file_is_named_by_its_title_in_plain_ascii(title, stem):
    name = mapping.file_stem(title, "1234")
    assert name == f"{stem}-{name[-5:]}"
    assert name.isascii()


def test_two_pieces_of_one_title_have_files_of_different_names():
    assert len({mapping.file_stem("Waltz", str(job)) for job in range(100)}) == 100
