"""Edit, Key and tempo, Copy command and the numbers under a piece; also pressed on a bot that was restarted."""

from __future__ import annotations

import pytest

from jobs.contract import Alternative, Creativity, Mode, PieceFacts
from tests.bot.harness import AUDIO, SEED, STEM, TITLE, Harness, buttons, shown, told

OPTIONS = {"key": "E minor", "tempo": 96.0, "density": 4, "instruments": "piano, bass", "creativity": "calm"}


async def finished(harness: Harness, facts: PieceFacts | None = None, **options: object) -> str:
    await harness.alice.slash(harness.channel, "compose", **options)
    job = harness.worker.take()
    job.is_done(**({} if facts is None else {"facts": facts}))
    await harness.settle()
    return job.id


def present(modal: dict) -> dict[str, object]:
    """The value of each row of a form, by its id."""
    rows = [row["component"] for row in modal["components"]]
    return {
        row["custom_id"]: next((one["value"] for one in row["options"] if one.get("default")), None)
        if "options" in row
        else row.get("value")
        for row in rows
    }


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_edit_shows_the_present_options_and_asks_for_the_piece_with_others(
    harness: Harness, is_restarted: bool
) -> None:
    # Given a finished piece with options of its own
    first = await finished(harness, seed=("song.mid", SEED), mode="vary", random_seed=7, **OPTIONS)
    message = harness.message
    if is_restarted:
        await harness.restart()
    # When another member opens its form
    form = await harness.bob.click(message, label="Edit")
    # Then it has the values of the piece
    assert present(form.modal) == {
        "style": None,
        "key": "E minor",
        "instruments": "piano, bass",
        "creativity": "calm",
        "more": "mode: vary\ntempo: 96\ndensity: busy\nrandom_seed: 7",
    }
    # When they change some and send it
    typed = {
        "key": "C major", "instruments": "", "creativity": ["wild"],
        "more": "mode: vary\nTempo = 120\n\nrandom seed: 7\nstrength: 0.25\ninclude_seed: yes",
    }  # fmt: skip
    await harness.bob.submit_modal(form, typed)
    # Then a piece of theirs with these options, from the same seed, is on its way in a message of its own
    request = harness.worker.take().request
    assert (request.key, request.instruments, request.creativity) == ("C major", (), Creativity.WILD)
    assert (request.mode, request.tempo_bpm, request.density, request.strength) == (Mode.VARY, 120.0, None, 0.25)
    assert (request.random_seed, request.include_seed, request.seed.name) == (7, True, "song.mid")
    assert (request.requester_id, request.parent_id, request.pressed) == (harness.bob.id, first, "Edit")
    assert len(harness.channel.history()) == 2
    await harness.settle()
    assert f"<@{harness.bob.id}> pressed **Edit**." in shown(harness.message)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"more": "speed: 3"}, "“speed” isn't an option. You can use `style`, `key`"),
        ({"more": "faster"}, "I can't read “faster”. Write one option a line, such as `tempo: 96`."),
        ({"more": "tempo: fast"}, "`tempo` must be a number."),
        ({"more": "bars: 2.5"}, "`bars` must be a whole number."),
        ({"more": "density: thick"}, "`density` can't be “thick”. Choose sparse, light, medium, busy or dense."),
        ({"more": "include_seed: maybe"}, "`include_seed` must be yes or no."),
        ({"more": "tempo: 1000"}, "`tempo` must be between 20 and 400 bpm."),
        ({"more": "temperature: 0.5", "creativity": ["wild"]}, "Give `creativity` or the expert options"),
        ({"key": "H major"}, "“H major” isn't a key I know."),
    ],
)
async def test_a_mistake_in_the_form_is_told_to_its_sender_alone(harness: Harness, typed: dict, words: str) -> None:
    await finished(harness)
    form = await harness.bob.click(harness.message, label="Edit")
    result = await harness.bob.submit_modal(form, typed)
    assert words in told(result)
    assert harness.worker.queued() == []
    assert len(harness.channel.history(viewer=harness.alice)) == 1


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_key_and_tempo_asks_for_the_same_notes_in_another_key_and_tempo(
    harness: Harness, is_restarted: bool
) -> None:
    # Given a finished piece at 96 bpm
    first = await finished(harness, random_seed=7, key="G minor", tempo=96.0, bars=8, model="band")
    message = harness.message
    if is_restarted:
        await harness.restart()
    # When a member asks for two semitones down at 120 bpm
    form = await harness.bob.click(message, label="Key and tempo")
    assert "Now 96 bpm." in str(form.modal)
    await harness.bob.submit_modal(form, {"semitones": "-2", "tempo": "120 bpm"})
    # Then the piece itself is the seed, and nothing new is composed
    job = harness.worker.take()
    assert harness.worker.blobs.get(job.request.seed) == SEED + first.encode()
    change = job.request.recast
    assert (change.semitones, change.tempo_percent, change.model) == (-2, 125.0, "band")
    assert (job.request.random_seed, job.request.asked, job.request.bars) == (7, {}, None)
    job.is_done(title="Piece in F minor")
    await harness.settle()
    assert "The same notes, 2 semitones down, at 125 % of the tempo." in shown(harness.message)
    # And what goes on from it is composed again
    assert list(buttons(harness.message)) == ["Continue", "Vary", "Star", "Key and tempo", "Delete"]
    changed = harness.message
    for label in ("Continue", "Vary"):
        await harness.alice.click(changed, label=label)
        assert harness.worker.take().request.recast is None


async def test_a_tempo_may_be_given_in_percent(harness: Harness) -> None:
    await finished(harness, PieceFacts())
    form = await harness.bob.click(harness.message, label="Key and tempo")
    await harness.bob.submit_modal(form, {"tempo": "80 %"})
    assert harness.worker.take().request.recast.tempo_percent == 80.0


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Nothing would change. Give semitones, a tempo, or both."),
        ({"semitones": "up"}, "`semitones` must be a whole number, such as 2 or -3."),
        ({"semitones": "30"}, "`semitones` must be between -24 and 24."),
        ({"tempo": "fast"}, "`tempo` must be a number, such as 96 bpm or 80 %."),
        ({"tempo": "96"}, "This piece plays in free time. Give the tempo in percent, such as 80 %."),
        ({"tempo": "10 %"}, "`tempo` must be between 25 and 400 %."),
    ],
)
async def test_a_change_that_cannot_be_is_refused(harness: Harness, typed: dict, words: str) -> None:
    await finished(harness, PieceFacts(key="C major"))
    form = await harness.bob.click(harness.message, label="Key and tempo")
    result = await harness.bob.submit_modal(form, typed)
    assert words in told(result)
    assert harness.worker.queued() == []


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_copy_command_shows_whoever_presses_the_whole_command(harness: Harness, is_restarted: bool) -> None:
    await finished(harness, seed=("song.mid", SEED), mode="accompany", random_seed=7, **OPTIONS)
    message = harness.message
    if is_restarted:
        await harness.restart()
    result = await harness.bob.click(message, label="Copy command")
    assert result.ephemeral
    assert told(result).strip().splitlines() == [
        "```",
        "/compose mode:accompany key:E minor instruments:piano, bass creativity:calm tempo:96 density:busy model:piano "
        "random_seed:7",
        "```",
        "Attach “song.mid” as `seed`.",
        "1,234 notes in 0:42, by piano 1.",
    ]


async def test_a_form_from_before_a_restart_says_so(harness: Harness) -> None:
    await finished(harness)
    form = await harness.bob.click(harness.message, label="Edit")
    await harness.restart()
    result = await harness.bob.submit_modal(form, {"key": "C major"})
    assert "This form is out of date. Open it again." in told(result)


async def several(harness: Harness) -> list[Alternative]:
    """Three pieces that alice asked for, in one message."""
    await harness.alice.slash(harness.channel, "compose", count=3, random_seed=7, key="E minor")
    job = harness.worker.take()
    assert job.request.count == 3
    others = [
        Alternative(
            random_seed=seed, title=f"Reel in {seed} minor", duration_s=30.0, midi=job.keep(SEED, f"reel-{seed}.mid"),
            audio=job.keep(AUDIO, f"reel-{seed}.mp3"),
        )
        for seed in (8, 9)
    ]  # fmt: skip
    job.is_done(others=others)
    await harness.settle()
    return others


async def test_several_pieces_come_in_one_message_to_choose_from(harness: Harness) -> None:
    await several(harness)
    (card,) = harness.message.embeds
    assert card.title == "3 pieces to choose from"
    assert card.description.splitlines() == [
        f"**1** {TITLE} · 0:42",
        "**2** Reel in 8 minor · 0:30",
        "**3** Reel in 9 minor · 0:30",
        "Press a number to get that piece.",
    ]
    assert card.footer.text == "piano · random seeds 7 to 9"
    names = [file.filename for file in harness.message.attachments]
    assert names == [f"1-{STEM}.mp3", "2-reel-8.mp3", "3-reel-9.mp3"]
    assert list(buttons(harness.message)) == ["1", "2", "3", "Again", "Edit", "Copy command", "Delete"]


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_a_number_asks_for_that_piece_whole(harness: Harness, is_restarted: bool) -> None:
    await several(harness)
    message = harness.message
    if is_restarted:
        await harness.restart()
    await harness.bob.click(message, label="2")
    request = harness.worker.take().request
    assert (request.random_seed, request.count, request.key, request.model) == (8, 1, "E minor", "piano")
    assert request.requester_id == harness.bob.id
