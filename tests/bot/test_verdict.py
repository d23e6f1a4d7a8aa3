"""The end of a training: figures, copying, what to listen to and what is left out, and the buttons under it."""

from __future__ import annotations

import pytest

from jobs.contract import DeleteModel, Done, Listening, NeedsConfirmation, PromoteModel
from tests.bot.harness import AUDIO, VERDICT, VERSION, Harness, buttons, shown, told


async def trained(harness: Harness, pieces: int = 0, **changes: object):
    await harness.ada.slash(harness.channel, "train start", data_set="waltzes", name="vienna")
    job = harness.worker.take("train")
    heard = [
        Listening(
            title=f"Waltz_{n}", seed_s=8.0, before=job.keep(AUDIO + b"%d" % n, "x"), after=job.keep(AUDIO * 2, "y")
        )
        for n in range(pieces)
    ]
    job.is_trained(listening=heard, **changes)
    await harness.settle()
    return job


async def test_the_verdict_has_before_beside_after_and_says_what_to_do(harness: Harness) -> None:
    await trained(harness, pieces=3, remarks=("Two pieces were nearly the same.",))
    words = shown(harness.message)
    for part in (
        "vienna is trained",
        "9.5 % lower prediction error on the 3 pieces held out of the data set.\nTwo pieces were nearly the same.",
        "held-out pieces   2.410   2.180  9.5 % lower error",
        "piano's music     1.950   1.990  2.0 % higher error",
        "1.2 % of its 16-note passages also occur in the data set (held-out pieces: 0.8 %).",
        "The longest has 23 notes.",
        "1. Waltz\\_0 (8 s seed): `1a-before.mp3` before, `1b-after.mp3` after",
        f"12 epochs on `waltzes`, the best was number 9 · 33 minutes · version `{VERSION}`",
        "makes it available here as `/compose model:vienna`",
        "`/model promote name:vienna`",
    ):
        assert part in words
    names = [f"{n}{which}.mp3" for n in (1, 2, 3) for which in ("a-before", "b-after")]
    assert [file.filename for file in harness.message.attachments] == ["curve.png", *names]
    assert harness.message.embeds[0].image.url
    assert list(buttons(harness.message)) == ["Promote", "Train on", "Discard"]
    assert await harness.bot.board.open_records() == []


async def test_no_more_than_three_beginnings_are_sent(harness: Harness) -> None:
    await trained(harness, pieces=6)
    assert len(harness.message.attachments) == 7


async def test_from_scratch_there_is_no_before(harness: Harness) -> None:
    await harness.ada.slash(harness.channel, "train start", data_set="waltzes", preset="small")
    job = harness.worker.take("train")
    bare = {"before_nats": None, "gain": None, "base_before_nats": None, "base_after_nats": None, "loss": None}
    bare |= {"copy_share": None, "human_share": None, "longest_run": None}
    listening = (Listening(title="Waltz", seed_s=8.0, after=job.keep(AUDIO, "y")),)
    job.is_trained(verdict=VERDICT.model_copy(update=bare), listening=listening, curve=None)
    await harness.settle()
    words = shown(harness.message)
    assert "held-out pieces       –   2.180" in words
    assert "music" not in words.split("```")[1]
    assert "too short to compare" in words
    assert [file.filename for file in harness.message.attachments] == ["1b-after.mp3"]


async def test_recordings_that_are_too_large_are_left_out_with_a_sentence(harness: Harness, monkeypatch) -> None:
    async def submit(request, delivery, submit=harness.bot.board.submit):
        return await submit(request, delivery.model_copy(update={"upload_limit_bytes": len(AUDIO) + 10}))

    monkeypatch.setattr(harness.bot.board, "submit", submit)
    await trained(harness, pieces=1)
    assert [file.filename for file in harness.message.attachments] == ["curve.png", "1a-before.mp3"]
    words = shown(harness.message)
    assert "`1b-after.mp3` is too large for Discord here" in words
    assert "(8 s seed): `1a-before.mp3` before\n" in words


async def test_what_discord_still_finds_too_large_is_sent_without_the_recordings(harness: Harness) -> None:
    await harness.ada.slash(harness.channel, "train start", data_set="waltzes")
    job = harness.worker.take("train")
    await harness.settle()
    harness.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)
    job.is_trained(listening=(Listening(title="Waltz", seed_s=8.0, after=job.keep(AUDIO, "y")),))
    await harness.settle()
    assert [file.filename for file in harness.message.attachments] == ["curve.png"]
    assert "too large for Discord here, so they were left out" in harness.message.content


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_promote_puts_the_version_into_use_and_can_be_taken_back(harness: Harness, is_restarted) -> None:
    await trained(harness)
    message = harness.message
    if is_restarted:
        await harness.restart()
    refused = await harness.bob.click(message, label="Promote")
    assert "You need the Manage Server permission" in refused.response.content
    pressed = await harness.ada.click(message, label="Promote")
    request = await harness.answered(Done(sentence="`vienna` is in use.", model="vienna"))
    assert request.action == PromoteModel(name="vienna", version=VERSION)
    assert pressed.ephemeral
    assert told(pressed) == "`vienna` is in use."
    back = await harness.ada.click(pressed.response.message, label="Roll back")
    request = await harness.answered(Done(sentence="As before."))
    assert (request.action.do, request.action.name) == ("model_rollback", "vienna")
    assert back.response.content == "As before."


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_what_copies_is_promoted_only_by_a_second_button(harness: Harness, is_restarted) -> None:
    copying = VERDICT.model_copy(update={"is_copying": True, "copy_share": 0.4})
    await trained(harness, verdict=copying)
    assert "**It copies** (above 5.0 %)" in shown(harness.message)
    pressed = await harness.ada.click(harness.message, label="Promote")
    insist = PromoteModel(name="vienna", version=VERSION, confirmed=True)
    first = await harness.answered(NeedsConfirmation(sentence="It copies 40 %.", action=insist))
    assert not first.action.confirmed
    assert told(pressed) == "It copies 40 %."
    if is_restarted:
        await harness.restart()
    again = await harness.ada.click(pressed.response.message, label="Promote anyway")
    request = await harness.answered(Done(sentence="In use.", model="vienna"))
    assert request.action == insist
    assert again.response.content == "In use."


async def test_a_question_that_is_no_longer_kept_is_asked_anew(harness: Harness, valkey) -> None:
    await trained(harness)
    pressed = await harness.ada.click(harness.message, label="Promote")
    await harness.answered(NeedsConfirmation(sentence="Sure?", action=PromoteModel(name="vienna", confirmed=True)))
    valkey.client.flushall()
    harness.worker.arrive()
    result = await harness.ada.click(pressed.response.message, label="Promote anyway")
    assert "This question is out of date" in result.response.content


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_discard_asks_first(harness: Harness, is_restarted) -> None:
    await trained(harness)
    message = harness.message
    if is_restarted:
        await harness.restart()
    refused = await harness.bob.click(message, label="Discard")
    assert "You need the Manage Server permission" in refused.response.content
    asked = await harness.ada.click(message, label="Discard")
    assert asked.ephemeral
    sure = DeleteModel(name="vienna", version=VERSION, confirmed=True)
    request = await harness.answered(NeedsConfirmation(sentence="Delete it?", action=sure))
    assert request.action == DeleteModel(name="vienna", version=VERSION)
    pressed = await harness.ada.click(asked.response.message, label="Delete for good")
    request = await harness.answered(Done(sentence="It is gone."))
    assert request.action == sure
    assert told(pressed) == "It is gone."
