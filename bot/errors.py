"""Everything that can go wrong in the bot, as one tree, and the one place where it becomes words.

CadenzaError
└── UserFacing             owns the sentence that the member is shown
    ├── BadSeed            the attached file cannot be a seed: not MIDI, empty, too big, not downloadable
    ├── OutOfRange         an option lies outside its range
    ├── Contradiction      options that do not go together, or one that lacks what it needs
    ├── NotKnown           a value that none of the models asked knows
    ├── NotYours           the button belongs to whoever asked for the piece
    ├── PieceGone          the piece is no longer kept, so nothing can be made from it
    ├── TrainingGone       the training under a button, or the one that is named, is no longer known
    ├── BadUpload          an attached file can go neither into a data set nor into the store of models
    ├── BadName            what was typed cannot be the name of a data set or model, or a version
    ├── ServersOnly        it belongs to a server and was asked for in direct messages
    ├── AdminsOnly         it is for those who may manage the server
    └── NotAllowedHere     the bot lacks a permission in this channel
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import discord
from discord import app_commands
from pydantic import ValidationError

from jobs.admission import invalid_request
from jobs.errors import JobsError, QueueUnreachable

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062
MOST_NAMED = 24  # of the values that would do: all keys fit, a sentence with more is not read


class CadenzaError(Exception):
    """Root of everything the bot raises on purpose."""


class UserFacing(CadenzaError):  # noqa: N818 - a kind of error, named as the house style names it
    """Raised when a member can do something about it; `sentence` says what."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadSeed(UserFacing):
    """Raised when the attached file cannot be a seed."""


class OutOfRange(UserFacing):
    """Raised when `option` lies outside `low`..`high`, both included."""

    def __init__(self, option: str, low: float, high: float, unit: str = "") -> None:
        unit = f" {unit}" if unit else ""
        super().__init__(f"`{option}` must lie between {low:,.10g} and {high:,.10g}{unit}. Choose a value in between.")


class Contradiction(UserFacing):
    """Raised when options do not go together, or one lacks what it needs."""


class NotKnown(UserFacing):
    """Raised when `value`, given for `option`, is none of those the models asked know."""

    def __init__(self, option: str, value: str, known: Sequence[str]) -> None:
        if known:
            rest = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
            there = f"These are known: {', '.join(known[:MOST_NAMED])}{rest}."
        else:
            there = "No model that could compose this knows any."
        super().__init__(f"`{option}`: “{value}” is not known. {there} Choose one that Discord suggests as you type.")


class NotYours(UserFacing):
    """Raised when a button is pressed that is another member's."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Only the member who asked for this piece can {what} it. Use `/compose` for one of your own.")


class PieceGone(UserFacing):
    """Raised when the piece under a button is no longer kept."""

    def __init__(self) -> None:
        super().__init__(
            "This piece is too old: its parameters are no longer kept. "
            "Use `/compose` with the values shown on its card, and attach its `.mid` as the seed to continue it."
        )


class TrainingGone(UserFacing):
    """Raised when there is no such training (any more); `what` says which was meant."""

    def __init__(self, what: str = "this training") -> None:
        super().__init__(
            f"Nothing is known (any more) of {what}. `/train list` shows those that are; "
            "`/train start` begins a new one."
        )


class BadUpload(UserFacing):
    """Raised when an attached file can go neither into a data set nor into the store of models."""


class BadName(UserFacing):
    """Raised when `text` cannot be the name of a data set or model."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"“{text}” cannot be a name here: up to 32 small letters a to z, digits, `-` and `_`, "
            "with a letter or digit first, such as `our-waltzes`. Choose such a name."
        )


class ServersOnly(UserFacing):
    """Raised when what belongs to a server is asked for in direct messages."""

    def __init__(self, what: str = "Data sets, trainings and models belong") -> None:
        super().__init__(f"{what} to a server, and this is a direct message. Do it in a channel of your server.")


class AdminsOnly(UserFacing):
    """Raised when somebody who may not manage the server asks for what only those may."""

    def __init__(self) -> None:
        super().__init__(
            "Only those who may manage this server (permission Manage Server) can do this. Ask one of its admins."
        )


class NotAllowedHere(UserFacing):
    """Raised when the bot lacks `missing` permissions, named as Discord names them, in this channel or another."""

    def __init__(self, missing: list[str], channel_id: int | None = None) -> None:
        lacking = f"I lack the permission {' and '.join(missing)}"
        if channel_id is not None:
            super().__init__(f"I may not write in <#{channel_id}>: {lacking} there. Grant it, or name another channel.")
            return
        super().__init__(
            f"I may not reply here: {lacking} in this channel. "
            "Ask an admin to grant it, or use me in another channel or by direct message."
        )


@dataclass(frozen=True)
class Explained:
    """An error in words: `sentence` for the member, `incident` for whoever reads the log."""

    sentence: str
    incident: str | None = None

    def __str__(self) -> str:
        return f"{self.sentence} (incident `{self.incident}`)" if self.incident else self.sentence


def explain(error: BaseException) -> Explained:
    """Turn any error into words, logging what needs a developer.

    | no. | error                                     | the member reads               | the log gets              |
    |-----|-------------------------------------------|--------------------------------|---------------------------|
    | 1   | `CommandInvokeError`, `TransformerError`  | what its cause says            | what its cause gets       |
    | 2   | `UserFacing`                              | its sentence                   | nothing                   |
    | 3   | `QueueUnreachable`                        | its sentence                   | a warning with the cause  |
    | 4   | other `JobsError`, a request not valid    | its sentence                   | nothing                   |
    | 5   | `CommandSignatureMismatch`, `-NotFound`   | to reload Discord              | a warning                 |
    | 6   | `MissingPermissions`, other `CheckFailure`| that the permission is lacking | nothing                   |
    | 7   | anything else                             | an incident id                 | the id and the traceback  |
    """
    if isinstance(error, (app_commands.CommandInvokeError, app_commands.TransformerError)):  # 1
        cause = getattr(error, "original", None) or error.__cause__
        if cause is not None:
            return explain(cause)
    if isinstance(error, UserFacing):  # 2
        return Explained(error.sentence)
    if isinstance(error, QueueUnreachable):  # 3
        log.warning("the queue cannot be reached: %r", error.__cause__ or error)
        return Explained(error.sentence)
    if isinstance(error, JobsError):  # 4
        return Explained(error.sentence)
    if isinstance(error, ValidationError) and (refusal := invalid_request(error)) is not None:  # 4
        return Explained(refusal.sentence)
    if isinstance(error, (app_commands.CommandSignatureMismatch, app_commands.CommandNotFound)):  # 5
        log.warning("an outdated command was used: %s", error)
        return Explained("This command has changed since Discord loaded it. Reload Discord (Ctrl+R) and try again.")
    if isinstance(error, app_commands.CheckFailure):  # 6
        return Explained("You lack the permission for this command here. Ask an admin of this server.")
    return unexpected(error)  # 7


def unexpected(error: BaseException) -> Explained:
    """The words for an error nobody foresaw: an incident id, under which the log holds the whole traceback."""
    incident = secrets.token_hex(4)
    log.error("incident %s", incident, exc_info=error)
    return Explained("Something went wrong on our side. Try again; if it stays so, tell an admin.", incident)


async def answer(interaction: discord.Interaction, error: BaseException) -> None:
    """Show `error` to the member: in place of the deferred reply where there is one, else only to them."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION:
        log.warning("interaction %s was answered too late or twice", interaction.id)
        return
    words = str(explain(error))
    try:
        await _say(interaction, words)
    except discord.HTTPException:
        log.exception("could not tell interaction %s: %s", interaction.id, words)


async def _say(interaction: discord.Interaction, words: str) -> None:
    if not interaction.response.is_done():
        await interaction.response.send_message(words, ephemeral=True)
    elif interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
        await interaction.edit_original_response(content=words, embeds=[], attachments=[], view=None)
    else:  # the message under a button stays as it is
        await interaction.followup.send(words, ephemeral=True)
