"""The end of a training: figures, copying, what to listen to and what is left out, and the buttons under it."""

from __future__ import annotations

import pytest

from jobs.contract import DeleteModel, Done, Listening, NeedsConfirmation, PromoteModel
from tests.bot.theatre import AUDIO, VERDICT, VERSION, Theatre, buttons, shown, told


async def trained(theatre: Theatre, pieces: int = 0, **changes: object):
    await theatre.ada.slash(theatre.channel, "train start", data_set="waltzes", name="vienna")
    job = theatre.worker.take("train")
    heard = [
        Listening(
            title=f"Waltz_{n}", seed_s=8.0, before=job.keep(AUDIO + b"%d" % n, "x"), after=job.keep(AUDIO * 2, "y")
        )
        for n in range(pieces)
    ]
    job.is_trained(listening=heard, **changes)
    await theatre.settle()
    return job


async def test_the_verdict_has_before_beside_after_and_says_what_to_do(theatre: Theatre) -> None:
    await trained(theatre, pieces=3, remarks=("Two pieces were nearly the same.",))
    words = shown(theatre.message)
    for part in (
        "vienna is trained",
        "The held-out pieces became 9.5 % likelier.\nTwo pieces were nearly the same.",
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
    assert [file.filename for file in theatre.message.attachments] == ["curve.png", *names]
    assert theatre.message.embeds[0].image.url
    assert list(buttons(theatre.message)) == ["Promote", "Train on", "Discard"]
    assert await theatre.bot.board.open_records() == []


async def test_no_more_than_three_beginnings_are_sent(theatre: Theatre) -> None:
    await trained(theatre, pieces=6)
    assert len(theatre.message.attachments) == 7


async def test_from_scratch_there_is_no_before(theatre: Theatre) -> None:
    await theatre.ada.slash(theatre.channel, "train start", data_set="waltzes", preset="small")
    job = theatre.worker.take("train")
    bare = {"before_nats": None, "gain": None, "base_before_nats": None, "base_after_nats": None, "loss": None}
    bare |= {"copy_share": None, "human_share": None, "longest_run": None}
    listening = (Listening(title="Waltz", seed_s=8.0, after=job.keep(AUDIO, "y")),)
    job.is_trained(verdict=VERDICT.model_copy(update=bare), listening=listening, curve=None)
    await theatre.settle()
    words = shown(theatre.message)
    assert "held-out pieces       –   2.180" in words
    assert "music" not in words.split("```")[1]
    assert "too short to compare" in words
    assert [file.filename for file in theatre.message.attachments] == ["1b-after.mp3"]


async def test_recordings_that_are_too_large_are_left_out_with_a_sentence(theatre: Theatre, monkeypatch) -> None:
    async def submit(request, delivery, submit=theatre.bot.board.submit):
        return await submit(request, delivery.model_copy(update={"upload_limit_bytes": len(AUDIO) + 10}))

    monkeypatch.setattr(theatre.bot.board, "submit", submit)
    await trained(theatre, pieces=1)
    assert [file.filename for file in theatre.message.attachments] == ["curve.png", "1a-before.mp3"]
    words = shown(theatre.message)
    assert "`1b-after.mp3` is too large for Discord here" in words
    assert "(8 s seed): `1a-before.mp3` before\n" in words


async def test_what_discord_still_finds_too_large_is_sent_without_the_recordings(theatre: Theatre) -> None:
    await theatre.ada.slash(theatre.channel, "train start", data_set="waltzes")
    job = theatre.worker.take("train")
    await theatre.settle()
    theatre.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)
    job.is_trained(listening=(Listening(title="Waltz", seed_s=8.0, after=job.keep(AUDIO, "y")),))
    await theatre.settle()
    assert [file.filename for file in theatre.message.attachments] == ["curve.png"]
    assert "too large for Discord here, so they were left out" in theatre.message.content


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_promote_puts_the_version_into_use_and_can_be_taken_back(theatre: Theatre, is_restarted) -> None:
    await trained(theatre)
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    refused = await theatre.bob.click(message, label="Promote")
    assert "You need the Manage Server permission" in refused.response.content
    pressed = await theatre.ada.click(message, label="Promote")
    request = await theatre.answered(Done(sentence="`vienna` is in use.", model="vienna"))
    assert request.action == PromoteModel(name="vienna", version=VERSION)
    assert pressed.ephemeral
    assert told(pressed) == "`vienna` is in use."
    back = await theatre.ada.click(pressed.response.message, label="Roll back")
    request = await theatre.answered(Done(sentence="As before."))
    assert (request.action.do, request.action.name) == ("model_rollback", "vienna")
    assert back.response.content == "As before."


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_what_copies_is_promoted_only_by_a_second_button(theatre: Theatre, is_restarted) -> None:
    copying = VERDICT.model_copy(update={"is_copying": True, "copy_share": 0.4})
    await trained(theatre, verdict=copying)
    assert "**It copies** (above 5.0 %)" in shown(theatre.message)
    pressed = await theatre.ada.click(theatre.message, label="Promote")
    insist = PromoteModel(name="vienna", version=VERSION, confirmed=True)
    first = await theatre.answered(NeedsConfirmation(sentence="It copies 40 %.", action=insist))
    assert not first.action.confirmed
    assert told(pressed) == "It copies 40 %."
    if is_restarted:
        await theatre.restart()
    again = await theatre.ada.click(pressed.response.message, label="Promote anyway")
    request = await theatre.answered(Done(sentence="In use.", model="vienna"))
    assert request.action == insist
    assert again.response.content == "In use."


async def test_a_question_that_is_no_longer_kept_is_asked_anew(theatre: Theatre, valkey) -> None:
    await trained(theatre)
    pressed = await theatre.ada.click(theatre.message, label="Promote")
    await theatre.answered(NeedsConfirmation(sentence="Sure?", action=PromoteModel(name="vienna", confirmed=True)))
    valkey.client.flushall()
    theatre.worker.arrive()
    result = await theatre.ada.click(pressed.response.message, label="Promote anyway")
    assert "This question is out of date" in result.response.content


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_discard_asks_first(theatre: Theatre, is_restarted) -> None:
    await trained(theatre)
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    refused = await theatre.bob.click(message, label="Discard")
    assert "You need the Manage Server permission" in refused.response.content
    asked = await theatre.ada.click(message, label="Discard")
    assert asked.ephemeral
    sure = DeleteModel(name="vienna", version=VERSION, confirmed=True)
    request = await theatre.answered(NeedsConfirmation(sentence="Delete it?", action=sure))
    assert request.action == DeleteModel(name="vienna", version=VERSION)
    pressed = await theatre.ada.click(asked.response.message, label="Delete for good")
    request = await theatre.answered(Done(sentence="It is gone."))
    assert request.action == sure
    assert told(pressed) == "It is gone."
