"""The cards of trainings: one on its way, those that are open, and all that are known of a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import discord

from bot.cards import colours
from bot.cards.fields import fill
from bot.cards.progress import bar
from bot.cards.wording import cut, duration_words, percent, safe, tenths
from jobs.contract import Record, Stage, TrainProgress, TrainRequest, TrainResult, Update
from jobs.schedules import NightlySchedule

WORDS = {
    Stage.QUEUED: "Waiting for its turn",
    Stage.PREPARING: "Reading the music",
    Stage.TRAINING: "Training",
    Stage.JUDGING: "Comparing before and after",
}
UNITS = "Figures: nats a note, the less the better"
NONE_OPEN = "No training is waiting or running. `/train start` begins one; `/train list` shows those that are over."
NONE_YET = "There was none yet. `/train start` begins one on a data set."


def live_card(request: TrainRequest, update: Update, picture: str | None) -> discord.Embed:
    """A training that is not over; `picture` is the name of the attached file that the card shows."""
    queued = update.stage is Stage.QUEUED
    card = discord.Embed(
        title=f"{request.name}: {stage_words(update.stage)} …",
        description=_place(update.position) if queued else bar(update.fraction),
        colour=colours.WAITING if queued else colours.WORKING,
    )
    for name, value in _figures(update.training) if update.training else ():
        card.add_field(name=name, value=value)
    if picture:
        card.set_image(url=f"attachment://{picture}")
    card.set_footer(text=" · ".join([*_settings(request), *([UNITS] if update.training else [])]))
    return card


def status_card(there: Sequence[tuple[Record, Update]], nightly: NightlySchedule | None) -> discord.Embed:
    """The open trainings, the one at work first, and what is wished of the nights."""
    card = discord.Embed(title="Open trainings", colour=colours.WORKING, description=None if there else NONE_OPEN)
    rows = [(_name(record), _status(record, update)) for record, update in there]
    if nightly is not None and nightly.enabled:
        rows.append(("Every night", nightly_words(nightly)))
    fill(card, rows)
    return card


def trainings_card(records: Sequence[Record]) -> discord.Embed:
    """All trainings that are known, the newest first."""
    card = discord.Embed(title="Trainings of this server", colour=colours.PLAIN)
    card.description = None if records else NONE_YET
    fill(card, [(_name(record), f"<t:{int(record.enqueued_at)}:R> · {outcome_words(record)}") for record in records])
    return card


def training_words(record: Record) -> str:
    """A training in one plain line, to choose it by: 'waltzes on waltzes, 25 Nov 17:03: stopped …'."""
    asked_at = datetime.fromtimestamp(record.enqueued_at, tz=UTC)
    return f"{_name(record)}, {asked_at:%d %b %H:%M} UTC: {outcome_words(record).replace('`', '')}"


def nightly_words(wish: NightlySchedule) -> str:
    """What is wished of the nights."""
    if not wish.enabled:
        return "No model is trained at night any more."
    last = "" if wish.last_run is None else f" The last was begun <t:{int(wish.last_run)}:R>."
    return (
        f"Every night a model is trained on `{wish.data_set}` if there is something new in it; <#{wish.channel_id}> "
        f"shows how it goes. What comes of it is not in use until an admin promotes it.{last}"
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
        doubt = ", copies" if record.result.verdict.is_copying else ""
        return f"{early}{said}version `{record.result.model_version}`{doubt}"
    if record.stage is Stage.FAILED:
        return f"failed: {safe(cut(record.failure.sentence, 200))}" if record.failure else "failed"
    return (
        "stopped before anything was learnt" if record.stage is Stage.CANCELLED else stage_words(record.stage).lower()
    )


def gain_words(gain: float) -> str:
    """By how much the server's held-out pieces became likelier."""
    return f"held-out pieces {tenths(abs(gain))} {'likelier' if gain >= 0 else 'less likely'}"


def _figures(training: TrainProgress) -> list[tuple[str, str]]:
    planned = f" of {training.epochs}" if training.epochs is not None else ""
    best = f", best so far {training.best_epoch}" if training.best_epoch else ""
    rows = [("Epoch", f"{training.epoch}{planned}{best}")]
    if training.remaining_s is not None:
        rows.append(("Time left", f"about {duration_words(training.remaining_s)}"))
    for name, nats in (
        ("Pieces it learns from", training.train_nats),
        ("Held-out pieces", training.val_nats),
        ("Base's own music", training.base_nats),
    ):
        if nats is not None:
            rows.append((name, f"{nats:.3f}"))
    return rows


def _settings(request: TrainRequest) -> list[str]:
    base = f"from {request.base}, {percent(request.mix)} of its own music" if request.base else f"new, {request.preset}"
    said = [f"data set {request.data_set}", base, f"{request.rate} rate"]
    said += [f"at most {request.epochs} epochs"] if request.epochs is not None else []
    said += [f"at most {duration_words(request.minutes * 60)}"] if request.minutes is not None else []
    said += ["goes on from before"] if request.resumes else []
    return [*said, "nightly"] if request.nightly else said


def _place(position: int | None) -> str:
    if position is None or position == 1:
        return "It begins as soon as a worker is free."
    return f"It is number {position} in turn; one training of a server runs at a time."


def _name(record: Record) -> str:
    request = record.request
    return f"{request.name} on {request.data_set}" if isinstance(request, TrainRequest) else record.job_id


def _status(record: Record, update: Update) -> str:
    lines = [f"{stage_words(update.stage)} …", _place(update.position)]
    if update.stage is not Stage.QUEUED:
        figures = [f"{name}: {value}" for name, value in _figures(update.training)] if update.training else []
        lines = [lines[0], bar(update.fraction), *figures]
    delivery, guild_id = record.delivery, record.request.guild_id
    if delivery.message_id is not None:
        lines.append(f"https://discord.com/channels/{guild_id}/{delivery.channel_id}/{delivery.message_id}")
    return "\n".join(lines)
