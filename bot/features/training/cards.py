"""The cards of trainings: one on its way, those that are open, and all that are known of a server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import discord

from bot.features import embeds
from bot.features.embeds import bar, fill
from bot.limits import cut
from bot.wording import about_duration, duration_words, harmless, percent, plural, tenths
from jobs.contract import Record, Stage, TrainProgress, TrainRequest, TrainResult, Update
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


def nightly_words(wish: NightlySchedule) -> str:
    """The settings of nightly training."""
    if not wish.enabled:
        return "Nightly training is off."
    last = "" if wish.last_run is None else f" Last run: <t:{int(wish.last_run)}:R>."
    return (
        f"Nightly training is on: when `{wish.data_set}` has new pieces, a model is trained on it, with progress in "
        f"<#{wish.channel_id}>. The new version is used once an admin promotes it.{last}"
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
