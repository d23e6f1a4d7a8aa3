"""What the music is to be like: asked in Discord, judged by what live models know, shown on the card."""

from __future__ import annotations

import pytest

from bot.features.embeds import DOUBTFUL
from jobs.contract import Controls, Creativity, Missed, Mode
from tests.bot.harness import SEED, Harness, shown, told


async def values(harness: Harness, option: str, typed: str, **others: object) -> list[str]:
    choices = await harness.alice.autocomplete(harness.channel, "compose", option, typed, **others)
    return [choice["value"] for choice in choices]


async def test_every_wish_arrives_as_it_was_meant(harness: Harness) -> None:
    wishes = {
        "seed": ("a.mid", SEED), "mode": "vary", "bars": 16, "style": "waltz", "key": "e MINOR", "tempo": 96.0,
        "meter": "3/4", "density": 4, "instruments": "Bass, drums and piano", "strength": 0.25, "top_k": 40,
        "top_p": 0.9, "min_p": 0.02, "temperature": 0.8,
    }  # fmt: skip
    await harness.alice.slash(harness.channel, "compose", **wishes)
    request = harness.worker.take().request
    assert request.controls == Controls(
        style="Waltz", key="E minor", tempo_bpm=96.0, meter="3/4", density=4, instruments=("bass", "drums", "piano")
    )
    assert (request.mode, request.bars, request.length_s, request.strength) == (Mode.VARY, 16, None, 0.25)
    assert (request.temperature, request.top_k, request.top_p, request.min_p) == (0.8, 40, 0.9, 0.02)
    assert (request.model, request.include_seed) == (None, False)


async def test_what_nobody_asks_for_is_left_to_the_model(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    request = harness.worker.take().request
    assert request.asked == {}
    assert (request.mode, request.length_s, request.bars, request.include_seed) == (Mode.CONTINUE, None, None, True)


async def test_the_card_strikes_out_what_was_not_followed_and_says_why(harness: Harness) -> None:
    options = {
        "key": "Em", "tempo": 120.0, "density": 5, "length": 20.0, "top_p": 0.9, "instruments": "piano, bass",
    }  # fmt: skip
    await harness.alice.slash(harness.channel, "compose", seed=("a.mid", SEED), mode="accompany", **options)
    harness.worker.take().is_done(
        controls=Controls(key="E minor", density=5, instruments=("piano",)),
        missed=(
            Missed(control="tempo_bpm", asked="120 bpm", reason="Tempo ignored: this model plays in free time."),
            Missed(
                control="instruments",
                asked="bass",
                reason="Asked for bass: this model hasn't learnt bass; played piano alone.",
            ),
        ),
        model_choice="Chosen for your seed: a piano performance in free time.",
        ended=True,
    )
    await harness.settle()
    for words in (
        "New parts around “a.mid”.",
        "Chosen for your seed: a piano performance in free time.",
        "Tempo ignored: this model plays in free time.",
        "Asked for bass: this model hasn't learnt bass; played piano alone.",
        "Requested: E minor · ~~120 bpm~~ · dense · piano, ~~bass~~",
    ):
        assert words in shown(harness.message)
    assert harness.message.embeds[0].colour == DOUBTFUL


async def test_a_length_that_was_missed_is_struck_out(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", length=60.0, key="E minor")
    reason = "Asked for 60 s: the music lasts 42 s; it came to its end there."
    harness.worker.take().is_done(
        controls=Controls(key="E minor"), missed=(Missed(control="length", asked="60 s", reason=reason),)
    )
    await harness.settle()
    assert f"Requested: E minor · ~~60 s~~\n{reason}" in shown(harness.message)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"style": "*polka*"}, "“\\*polka\\*” isn't a style I know. Try Waltz or folk tune."),
        ({"key": "H major"}, "“H major” isn't a key I know. Try C major or F# minor."),
        ({"meter": "13/16"}, "“13/16” isn't a meter I know. Try 4/4 or 3/4."),
        ({"instruments": "piano, kazoo"}, "“kazoo” isn't an instrument I know. You can choose from: piano, bass"),
        ({"length": 20.0, "bars": 8}, "Give either `length` in seconds or `bars`, not both."),
        ({"bars": 8, "model": "piano"}, "The chosen model has no bars. Give `length` in seconds"),
        ({"mode": "accompany"}, "There is nothing to accompany. Attach a MIDI file as `seed`"),
        ({"strength": 0.5}, "`strength` only works with `mode: vary`"),
        ({"creativity": "wild", "temperature": 1}, "Give `creativity` or the expert options (`temperature`), not"),
        (
            {"creativity": "calm", "top_p": 0.5, "min_p": 0.1},
            "Give `creativity` or the expert options (`top_p`, `min_p`), not both.",
        ),
        ({"mode": "vary", "model": "band", "seed": ("a.mid", SEED)}, "“vary” isn't a mode I know."),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_refused_at_once_with_what_can(harness: Harness, options, words) -> None:
    result = await harness.alice.slash(harness.channel, "compose", **options)
    assert words in told(result)
    assert harness.worker.queued() == []


async def test_creativity_is_asked_for_in_words(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", creativity="wild")
    request = harness.worker.take().request
    assert (request.creativity, request.temperature) == (Creativity.WILD, 1.0)


@pytest.mark.parametrize("name", ["continue", "vary", "accompany"])
async def test_a_command_of_its_own_for_what_is_done_with_a_seed(harness: Harness, name: str) -> None:
    # When a member uses it with the options of /compose, but the mode
    await harness.alice.slash(harness.channel, name, seed=("a.mid", SEED), key="E minor", creativity="calm")
    # Then it is that mode of /compose
    request = harness.worker.take().request
    assert (request.mode, request.seed.name, request.key) == (Mode(name), "a.mid", "E minor")
    # And Discord demands the seed, and offers what makes sense
    (command,) = [found for found in harness.bot.tree.get_commands() if found.name == name]
    options = {option["name"]: option for option in command.to_dict(harness.bot.tree)["options"]}
    assert [option for option, said in options.items() if said.get("required")] == ["seed"]
    assert "mode" not in options
    assert ("strength" in options) == (name == "vary")
    assert options["key"]["autocomplete"]


async def test_a_wish_that_only_another_model_knows_is_left_to_the_one_named_to_remark_on(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", model="piano", meter="5/4", tempo=90.0)
    assert harness.worker.take().request.meter == "5/4"


async def test_a_key_may_be_written_as_musicians_write_it(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", key="f#m")
    assert harness.worker.take().request.key == "f#m"


async def test_options_are_suggested_from_what_the_models_know(harness: Harness) -> None:
    assert await values(harness, "style", "") == ["Waltz", "folk tune"]
    assert await values(harness, "style", "tun") == ["folk tune"]
    assert await values(harness, "meter", "3") == ["3/4"]
    assert await values(harness, "key", "Em") == ["E minor", "E major"]
    assert await values(harness, "key", "e ma") == ["E major"]
    assert await values(harness, "key", "b") == ["Bb major"]
    harness.worker.leave()
    assert await values(harness, "style", "") == []


async def test_instruments_are_suggested_one_after_another(harness: Harness) -> None:
    assert await values(harness, "instruments", "b") == ["bass", "brass"]
    assert await values(harness, "instruments", "piano, b") == ["piano, bass", "piano, brass"]
    assert await values(harness, "instruments", "piano, bass, ") == ["piano, bass, brass", "piano, bass, drums"]


async def test_a_model_that_is_chosen_already_narrows_the_suggestions(harness: Harness) -> None:
    assert await values(harness, "key", "", model="band") == ["C major", "E minor"]
    assert await values(harness, "style", "", model="piano") == []
