"""The embeds of `/queue`: each job with what it is, how far it is, where its message is, and when it will be ready."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.features import embeds
from bot.features.compose import cards as pieces
from bot.features.embeds import MAX_VALUE
from bot.limits import cut
from bot.wording import about_duration, plural, safe
from jobs.contract import ComposeRequest, DescribeRequest, Record, Stage, TrainRequest, Update
from jobs.estimates import QueueState

MOST_LISTED = 10
NOTHING_MINE = "Nothing of yours is waiting or running."
NOTHING_HERE = "Nothing is waiting or running here."


@dataclass(frozen=True)
class OpenJob:
    """A job that waits or runs. `ready_s`: seconds until it is finished; None where that is not known."""

    record: Record
    update: Update
    ready_s: float | None


def mine_card(jobs: Sequence[OpenJob]) -> discord.Embed:
    """What a member has waiting and running."""
    card = discord.Embed(title="Your requests", colour=embeds.PLAIN)
    card.description = None if jobs else NOTHING_MINE
    _list(card, jobs)
    return card


def server_card(jobs: Sequence[OpenJob], hidden: int, state: QueueState) -> discord.Embed:
    """What a server has waiting and running; `hidden`: how many jobs whoever asks may not see."""
    card = discord.Embed(title="Queue of this server", colour=embeds.PLAIN)
    lines = [] if jobs or hidden else [NOTHING_HERE]
    lines += [f"{plural(hidden, 'request')} more in private."] if hidden else []
    ready_s = state.ready_s(len(state.order) + 1)
    if not state.slots:
        lines.append("No worker is running, so nothing can be composed right now.")
    elif ready_s is not None:
        lines.append(f"A new piece would be ready in {seconds_words(ready_s)}.")
    card.description = "\n".join(lines) or None
    _list(card, jobs)
    return card


def _list(card: discord.Embed, jobs: Sequence[OpenJob]) -> None:
    for job in jobs[:MOST_LISTED]:
        card.add_field(name=cut(what_words(job.record), 200), value=cut(_state_words(job), MAX_VALUE), inline=False)
    if len(jobs) > MOST_LISTED:
        card.set_footer(text=f"and {len(jobs) - MOST_LISTED} more")


def what_words(record: Record) -> str:
    """What a job makes, in a few words."""
    match record.request:
        case ComposeRequest() as request:
            return pieces.piece_words(request)
        case DescribeRequest() as request:
            return f"A description of {safe(request.seed.name[:100])}"
        case TrainRequest() as request:
            return f"A training of {safe(request.name)}"
        case _:
            return "A command about data sets or models"


def _state_words(job: OpenJob) -> str:
    record, update = job.record, job.update
    if update.stopping:
        state = "stopping"
    elif update.stage is Stage.QUEUED:
        place = "starts in a moment" if update.position is None else f"number {update.position} in the queue"
        state = place if job.ready_s is None else f"{place}, ready in {seconds_words(job.ready_s)}"
    else:
        state = f"{update.fraction:.0%} done"
    request, message_id = record.request, record.delivery.message_id
    where = f"https://discord.com/channels/{request.guild_id or '@me'}/{request.channel_id}/{message_id or ''}"
    way = "" if request.private or message_id is None else f" · [Open]({where})"
    return f"{state} · <@{request.requester_id}> · <t:{int(record.enqueued_at)}:R>{way}"


def seconds_words(seconds: float) -> str:
    """An estimate: 'about 10 seconds', 'about 3 minutes'."""
    if seconds >= 90:
        return about_duration(seconds)
    rounded = max(5, 5 * round(seconds / 5))
    return f"about {rounded} seconds"
