"""The message of a training: its progress with the curve, then the result; and the lists of trainings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime

import discord

from bot.buttons import admin_view
from bot.features import embeds
from bot.features.compose.cards import copied_words
from bot.features.embeds import MAX_VALUE, bar, fill
from bot.limits import cut
from bot.message import Attached, MakesView, MessageParts
from bot.wording import about_duration, duration_words, harmless, percent, plural, safe, size_words, tenths
from jobs import JobClient
from jobs.contract import BlobRef, Listening, Record, Stage, TrainProgress, TrainRequest, TrainResult, Update, Verdict
from jobs.errors import BlobGone
from jobs.guild_state import NightlySchedule

WORDS = {
    Stage.QUEUED: "Waiting",
    Stage.PREPARING: "Reading the music",
    Stage.TRAINING: "Training",
    Stage.JUDGING: "Comparing before and after",
}
UNITS = "Figures are prediction errors: lower is better"
NONE_OPEN = "No training is running. `/train start` starts one; `/train list` shows finished ones."
NONE_YET = "No trainings yet. Start one on a data set with `/train start`."


def live_card(request: TrainRequest, update: Update, picture: str | None) -> discord.Embed:
    """A training that is not over; `picture` is the name of the attached file that the card shows."""
    queued = update.stage is Stage.QUEUED
    card = discord.Embed(
        title=f"{request.name}: {stage_words(update.stage)} …",
        description=_place(update.position) if queued else bar(update.fraction),
        colour=embeds.WAITING if queued else embeds.WORKING,
    )
    for name, value in _figures(update.training) if update.training else ():
        card.add_field(name=name, value=value)
    if picture:
        card.set_image(url=f"attachment://{picture}")
    card.set_footer(text=" · ".join([*_settings(request), *([UNITS] if update.training else [])]))
    return card


def status_card(there: Sequence[tuple[Record, Update]], nightly: NightlySchedule | None) -> discord.Embed:
    """The open trainings, the running one first, and the nightly training."""
    card = discord.Embed(title="Open trainings", colour=embeds.WORKING, description=None if there else NONE_OPEN)
    rows = [(_name(record), _status(record, update)) for record, update in there]
    if nightly is not None and nightly.enabled:
        rows.append(("Nightly training", nightly_words(nightly)))
    fill(card, rows)
    return card


def trainings_card(records: Sequence[Record], page: int = 1) -> discord.Embed:
    """All trainings that are known, the newest first."""
    card = discord.Embed(title="Trainings of this server", colour=embeds.PLAIN)
    card.description = None if records else NONE_YET
    rows = [(_name(record), f"<t:{int(record.enqueued_at)}:R> · {outcome_words(record)}") for record in records]
    fill(card, rows, "; choose another with the option page", page)
    return card


def training_words(record: Record) -> str:
    """A training in one plain line, to choose it by: 'waltzes, 25 Nov 17:03 UTC: version …'."""
    asked_at = datetime.fromtimestamp(record.enqueued_at, tz=UTC)
    return f"{_name(record)}, {asked_at:%d %b %H:%M} UTC: {outcome_words(record).replace('`', '')}"


def nightly_words(schedule: NightlySchedule) -> str:
    """The settings of nightly training."""
    if not schedule.enabled:
        return "Nightly training is off."
    last = "" if schedule.last_run is None else f" Last run: <t:{int(schedule.last_run)}:R>."
    return (
        f"Nightly training is on: when `{schedule.data_set}` has new pieces, a model is trained on it, with progress "
        f"in <#{schedule.channel_id}>. The new version is used once an admin promotes it.{last}"
    )


def stage_words(stage: Stage) -> str:
    """Where a training stands that is not over."""
    return WORDS.get(stage, "Getting ready")


def outcome_words(record: Record) -> str:
    """What came of a training, or where it stands."""
    if isinstance(record.result, TrainResult):
        gain = record.result.verdict.gain
        said = "" if gain is None else f"{gain_words(gain)}, "
        early = "stopped early, " if record.result.stopped else ""
        doubt = ", copies its data set" if record.result.verdict.is_copying else ""
        return f"{early}{said}version `{record.result.model_version}`{doubt}"
    if record.stage is Stage.FAILED:
        return f"failed: {harmless(cut(record.failure.sentence, 200))}" if record.failure else "failed"
    if record.stage is Stage.CANCELLED:
        return "stopped before anything was learned"
    return stage_words(record.stage).lower()


def gain_words(gain: float) -> str:
    """How much the prediction error on the server's held-out pieces changed."""
    return change_words(gain, "no change on held-out pieces", "error on held-out pieces")


def change_words(gain: float, unchanged: str = "no change", what: str = "error") -> str:
    """A share by which an error became lower: '9.5 % lower error'; higher where it is negative."""
    if round(gain, 3) == 0:
        return unchanged
    return f"{tenths(abs(gain))} {'lower' if gain > 0 else 'higher'} {what}"


def _figures(training: TrainProgress) -> list[tuple[str, str]]:
    epoch = max(training.epoch, training.best_epoch)  # the best is known before the epoch is counted as done
    planned = f" of {max(training.epochs, epoch)}" if training.epochs is not None else ""
    best = f", best so far {training.best_epoch}" if training.best_epoch else ""
    rows = [("Epoch", f"{epoch}{planned}{best}")]
    if training.remaining_s is not None:
        rows.append(("Time left", about_duration(training.remaining_s)))
    for name, nats in (
        ("Training pieces", training.train_nats),
        ("Held-out pieces", training.val_nats),
        ("Base model's own music", training.base_nats),
    ):
        if nats is not None:
            rows.append((name, f"{nats:.3f}"))
    return rows


def _settings(request: TrainRequest) -> list[str]:
    base = f"based on {request.base}, {percent(request.mix)} of its music mixed in"
    base = base if request.base else f"from scratch, {request.preset}"
    said = [f"data set {request.data_set}", base, f"{request.rate} rate"]
    said += [f"{plural(request.epochs, 'epoch')} max"] if request.epochs is not None else []
    said += [f"{duration_words(request.minutes * 60)} max"] if request.minutes is not None else []
    said += ["continues an earlier training"] if request.resumes else []
    return [*said, "nightly"] if request.nightly else said


def _place(position: int | None) -> str:
    if position is None or position == 1:
        return "It starts as soon as a worker is free."
    return f"Number {position} in line; a server runs one training at a time."


def _name(record: Record) -> str:
    """The model's name, and the data set's where that is another."""
    request = record.request
    if not isinstance(request, TrainRequest):
        return record.job_id
    return request.name if request.name == request.data_set else f"{request.name} on {request.data_set}"


def _status(record: Record, update: Update) -> str:
    said = "Stopping" if record.cancel_asked else stage_words(update.stage)
    lines = [f"{said} …", _place(update.position)]
    if update.stage is not Stage.QUEUED:
        figures = [f"{name}: {value}" for name, value in _figures(update.training)] if update.training else []
        lines = [lines[0], bar(update.fraction), *figures]
    delivery, guild_id = record.delivery, record.request.guild_id
    if delivery.message_id is not None:
        lines.append(f"https://discord.com/channels/{guild_id}/{delivery.channel_id}/{delivery.message_id}")
    return "\n".join(lines)


CURVE = "curve.png"
MOST_LISTENED = 3  # with a player before and one after each: within the ten files of a message, and within patience
LIGHTER = "The recordings together were too large for Discord here, so they were left out."


async def progress_parts(board: JobClient, request: TrainRequest, update: Update) -> MessageParts:
    """The parts while the training is on its way.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    curve = await _curve(board, request, update.training.curve if update.training else None)
    card = live_card(request, update, CURVE if curve else None)
    return MessageParts(card=card, attached=curve, buttons=admin_view(("stop", request.job_id)))


async def finished_parts(
    board: JobClient, request: TrainRequest, result: TrainResult, limit_bytes: int
) -> MessageParts:
    """The parts of the verdict; recordings over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    curve = await _curve(board, request, result.curve)
    players, remarks = await _players(board, result.listening[:MOST_LISTENED], limit_bytes)
    names = {file.name for file in players}
    card = verdict_card(request, result, names, CURVE if curve else None, remarks)
    return MessageParts(card=card, attached=(*curve, *players), buttons=_result_buttons(result), lighter=LIGHTER)


def _result_buttons(result: TrainResult) -> MakesView:
    """What can be done with the result."""
    version = f"{result.name}:{result.model_version}"
    return admin_view(("promote", version), ("resume", result.job_id), ("discard", version))


async def _curve(board: JobClient, request: TrainRequest, ref: BlobRef | None) -> tuple[Attached, ...]:
    if ref is None:
        return ()
    try:
        alt_text = f"Learning curve of {request.name}: prediction error by epoch, lower is better."
        return (Attached(CURVE, await board.get_blob(ref), description=alt_text),)
    except BlobGone:  # a picture less, and the figures stand on the card
        return ()


async def _players(
    board: JobClient, listening: Sequence[Listening], limit_bytes: int
) -> tuple[tuple[Attached, ...], list[str]]:
    """The recordings, before and after in turn, and a sentence for each that is missing."""
    files, remarks = [], []
    for name, ref in _named(listening):
        if ref.size > limit_bytes:
            remarks.append(f"`{name}` is too large for Discord here (limit {size_words(limit_bytes)}): left out.")
            continue
        try:
            files.append(Attached(name, await board.get_blob(ref), optional=True))
        except BlobGone:
            remarks.append(f"`{name}` is no longer kept.")
    return tuple(files), remarks


def _named(listening: Sequence[Listening]) -> Iterator[tuple[str, BlobRef]]:
    """The recordings by the names they are sent under, which sort as they are to be heard."""
    for number, one in enumerate(listening, start=1):
        for name, ref in ((f"{number}a-before.mp3", one.before), (f"{number}b-after.mp3", one.after)):
            if ref is not None:
                yield name, ref


MAX_DESCRIPTION = 2000  # Discord takes 4096; a card is not a letter
MISSING = "–"  # in the table, for what there is nothing to compare with


def verdict_card(
    request: TrainRequest, result: TrainResult, players: Collection[str], picture: str | None, remarks: Sequence[str]
) -> discord.Embed:
    """The result of a training; `players` are the names of the recordings sent with it, `picture` the curve's."""
    verdict = result.verdict
    lines = ["Stopped early: this is the best version so far."] if result.stopped else []
    lines += [*(harmless(said) for said in (*verdict.sentences, *result.remarks)), *remarks]
    card = discord.Embed(
        title=f"{result.name} is trained",
        description=cut("\n".join(lines), MAX_DESCRIPTION) or None,
        colour=embeds.DOUBTFUL if verdict.is_copying else embeds.DONE,
    )
    card.add_field(name="Before and after", value=f"```\n{_table(request, verdict)}\n```", inline=False)
    card.add_field(name="Copying", value=_copying(verdict), inline=False)
    heard = _to_hear(result.listening, players)
    if heard:
        card.add_field(name="Listen", value=cut(heard, MAX_VALUE), inline=False)
    card.add_field(name="Training", value=_course(request, result), inline=False)
    card.add_field(name="Next", value=_what_now(result), inline=False)
    if picture:
        card.set_image(url=f"attachment://{picture}")
    card.set_footer(text=UNITS)
    return card


def _table(request: TrainRequest, verdict: Verdict) -> str:
    rows = [("", "before", "after", "")]
    gained = "" if verdict.gain is None else change_words(verdict.gain)
    rows.append(("held-out pieces", _nats(verdict.before_nats), _nats(verdict.after_nats), gained))
    if verdict.base_after_nats is not None:
        lost = "" if verdict.loss is None else change_words(-verdict.loss)
        name = f"{request.base or 'base'}'s music"
        rows.append((name, _nats(verdict.base_before_nats), _nats(verdict.base_after_nats), lost))
    width = max(len(name) for name, *_ in rows)
    return "\n".join(f"{name:<{width}} {before:>7} {after:>7}  {said}".rstrip() for name, before, after, said in rows)


def _nats(value: float | None) -> str:
    return MISSING if value is None else f"{value:.3f}"


def _copying(verdict: Verdict) -> str:
    if verdict.copy_share is None:
        return "What it composed is too short to compare it with the data set."
    human = f" (held-out pieces: {tenths(verdict.human_share)})" if verdict.human_share is not None else ""
    lines = [copied_words(verdict.copy_share, verdict.longest_run, "the data set", human)]
    if verdict.is_copying:
        limit = f" (above {tenths(verdict.copy_limit)})" if verdict.copy_limit is not None else ""
        lines.append(f"**It copies**{limit}. More pieces, fewer epochs or a larger `mix` help.")
    return " ".join(lines)


def _to_hear(listening: Sequence[Listening], players: Collection[str]) -> str:
    """Which recording is which; those that could not be sent are left out."""
    lines = []
    for number, one in enumerate(listening, start=1):
        named = [(f"{number}a-before.mp3", "before"), (f"{number}b-after.mp3", "after")]
        there = [f"`{name}` {word}" for name, word in named if name in players]
        if there:
            lines.append(f"{number}. {safe(cut(one.title, 80))} ({one.seed_s:.0f} s seed): {', '.join(there)}")
    return "\n".join(lines)


def _course(request: TrainRequest, result: TrainResult) -> str:
    epochs = max(result.epochs, result.best_epoch)
    best = f", the best was number {result.best_epoch}" if result.best_epoch else ""
    said = f"{plural(epochs, 'epoch')} on `{request.data_set}`{best}"
    return f"{said} · {duration_words(result.seconds)} · version `{result.model_version}`"


def _what_now(result: TrainResult) -> str:
    return (
        f"**Promote** (or `/model promote name:{result.name}`) makes it available here as `/compose "
        f"model:{result.name}`. **Train on** continues from here. **Discard** deletes this version."
    )
