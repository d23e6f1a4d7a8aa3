"""The cards of a server's models: all of them in their versions, and one in detail."""

from __future__ import annotations

import discord

from bot.features import embeds
from bot.features.embeds import MAX_VALUE, fill
from bot.limits import cut
from bot.wording import plural, safe, size_words
from jobs.contract import Models, ModelVersion, ModelVersions

MOST_VERSIONS = 8  # shown of a model, the newest
NONE_YET = "No models yet. Train one on a data set with `/train start`."
WAYS = "Use a version with `/model promote`, go back with `/model rollback`, compose with `/compose model:NAME`."


def list_card(found: Models, page: int = 1) -> discord.Embed:
    """The models that there are; with many, a page of them."""
    card = discord.Embed(title="Models of this server", colour=embeds.PLAIN)
    card.description = WAYS if found.models else NONE_YET
    fill(card, _rows(found), "; /model info shows one by its name", page)
    return card


def list_pages(found: Models) -> int:
    """How many pages the list of models has."""
    return len(embeds.pages_of(_rows(found)))


def _rows(found: Models) -> list[tuple[str, str]]:
    return [(_name(model), _versions(model)) for model in found.models]


def info_card(found: Models) -> discord.Embed:
    """One model's card and its versions."""
    if not found.models or not found.models[0].versions:
        return list_card(found)
    model = found.models[0]
    shown = next((one for one in model.versions if one.is_current), model.versions[-1])
    card = discord.Embed(title=_name(model), colour=embeds.PLAIN)
    about = f"**{safe(shown.title)}**\n{safe(shown.description)}" if shown.title else safe(shown.description)
    card.description = cut(about, 2000) or None
    for name, value in (("Trained on", safe(shown.data)), ("Licence", _licence(shown)), ("Figures", _figures(shown))):
        if value:
            card.add_field(name=name, value=cut(value, MAX_VALUE), inline=False)
    card.add_field(name="Versions, newest last", value=_versions(model), inline=False)
    return card


def _name(model: ModelVersions) -> str:
    return f"{model.name} · comes with the bot" if model.is_shared else model.name


def _versions(model: ModelVersions) -> str:
    lines = [_line(one) for one in model.versions[-MOST_VERSIONS:]]
    older = len(model.versions) - len(lines)
    lines = [plural(older, "older version"), *lines] if older else lines
    return cut("\n".join(lines) or "no version", MAX_VALUE)


def _line(one: ModelVersion) -> str:
    when = f" · <t:{int(one.created_at)}:R>" if one.created_at is not None else ""
    return f"`{one.version}`{when} · {size_words(one.size)}{' · **in use**' if one.is_current else ''}"


def _licence(one: ModelVersion) -> str:
    limits = " Not for commercial use." if one.non_commercial else ""
    return f"{safe(one.licence)}{limits}".strip()


def _figures(one: ModelVersion) -> str:
    return "\n".join(f"{safe(name)}: {value:,.4g}" for name, value in one.figures.items())
