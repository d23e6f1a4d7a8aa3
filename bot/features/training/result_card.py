"""The result of a training: before and after in figures, how much is copied, what to listen to, what to do next."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import discord

from bot.features import embeds
from bot.features.compose.cards import copied_words
from bot.features.embeds import MAX_VALUE
from bot.features.training.cards import UNITS, change_words
from bot.limits import cut
from bot.wording import duration_words, harmless, plural, safe, tenths
from jobs.contract import Listening, TrainRequest, TrainResult, Verdict

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
