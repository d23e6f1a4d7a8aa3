"""Everything that can go wrong in the bot, as one tree, and the one place where it becomes words.

CadenzaError
└── UserFacing             owns the sentence that the member is shown
    ├── BadSeed            the attached file cannot be a seed: not MIDI, empty, too big, not downloadable
    ├── OutOfRange         an option lies outside its range
    ├── BadOption          an option does not fit into a request: too long, or not of the right form
    ├── Contradiction      options that do not go together, or one that lacks what it needs
    ├── NotKnown           no model knows the value of an option
    ├── NotYours           the button belongs to another member
    ├── NotYourStar        another member starred the piece
    ├── StillInProgress    something of the member's must end before their data can be deleted
    ├── AlreadyAsked       the same button was pressed a moment ago
    ├── PieceGone          the piece is no longer kept, so nothing can be made from it
    ├── TrainingGone       the training is not known, or no longer
    ├── BadUpload          an attached file can be no part of a data set or model
    ├── BadName            what was typed cannot name a data set or model
    ├── SharedModel        a model that comes with the bot cannot be changed by a server
    ├── ServersOnly        it belongs to a server and was asked for in a direct message
    ├── NotInstalled       the bot is no member of the server, only installed by the member
    ├── AdminsOnly         it needs the permission Manage Server
    ├── OutdatedForm       a form or button from before the bot restarted
    └── NotAllowedHere     the bot lacks a permission in this channel
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import app_commands
from pydantic import ValidationError

from bot.metrics import ERRORS
from bot.replies import ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION, refuse
from bot.wording import as_typed, either, harmless
from jobs.admission import invalid_request
from jobs.errors import JobsError, QueueUnreachable

log = logging.getLogger(__name__)

MOST_NAMED = 24  # of the values that would do: all keys fit, and nobody reads a longer list
EXAMPLES = 3  # values that a refusal suggests


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
        super().__init__(f"`{option}` must be between {low:,.10g} and {high:,.10g}{unit}.")


class BadOption(UserFacing):
    """Raised when what was typed for an option does not fit into a request."""


class Contradiction(UserFacing):
    """Raised when options do not go together, or one lacks what it needs."""


class NotKnown(UserFacing):
    """Raised when no model knows `value`, given for `option`; `known` are the values that would do."""

    def __init__(self, option: str, value: str, known: Sequence[str]) -> None:
        what = "an instrument" if option == "instruments" else f"a {option}"
        said = f"{value} isn't {what} I know."
        if not known:
            super().__init__(f"{said} The available models have no choice of `{option}`: leave it out.")
        elif len(known) <= EXAMPLES:
            super().__init__(f"{said} Try {either(list(known))}.")
        else:
            rest = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
            super().__init__(f"{said} You can choose from: {', '.join(known[:MOST_NAMED])}{rest}.")


class NotYours(UserFacing):
    """Raised when a member presses a button that is another member's."""

    def __init__(self, what: str) -> None:
        who = "the member who asked for this piece" + (" or a moderator" if what == "delete" else "")
        super().__init__(f"Only {who} can {what} it.")


class NotYourStar(UserFacing):
    """Raised when a member takes a star away that another member gave."""

    def __init__(self) -> None:
        super().__init__("Only who starred this piece, who asked for it, or an admin can take the star away.")


class StillInProgress(UserFacing):
    """Raised when `count` requests of a member who wants to be forgotten are waiting or running."""

    def __init__(self, count: int) -> None:
        those = "1 request" if count == 1 else f"{count} requests"
        super().__init__(
            f"You still have {those} in progress; `/queue` shows them. Stop them or wait for them to finish, then use "
            "`/forget-me` again."
        )


class AlreadyAsked(UserFacing):
    """Raised when a button is pressed again while what it asked for is on its way."""

    def __init__(self, what: str = "Your request") -> None:
        super().__init__(f"{what} is already on its way.")


class PieceGone(UserFacing):
    """Raised when the piece under a button is no longer kept."""

    def __init__(self) -> None:
        super().__init__(
            "This piece is too old: its settings are no longer kept. "
            "Save its `.mid` and attach it to `/continue` or `/vary`."
        )


class TrainingGone(UserFacing):
    """Raised when there is no such training."""

    def __init__(self, is_open: bool | None = None) -> None:
        sentences = {
            True: "No training is running. `/train start` starts one.",
            False: "There is no finished training to continue. Start one with `/train start`.",
            None: "That training is no longer kept. `/train list` shows those that are.",
        }
        super().__init__(sentences[is_open])


class BadUpload(UserFacing):
    """Raised when an attached file can go neither into a data set nor into the store of models."""


class BadName(UserFacing):
    """Raised when `text` cannot be the name of a data set or model."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{as_typed(text)} can't be a name. Names: up to 32 lowercase letters, digits, `-` and `_`, "
            "such as `our-waltzes`."
        )


class SharedModel(UserFacing):
    """Raised when somebody wants to change the model `name`, which all servers share."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(f"`{name}` comes with the bot and can't be {what}.")


class ServersOnly(UserFacing):
    """Raised when what belongs to a server is asked for in a direct message."""

    def __init__(self, what: str = "Data sets, trainings and models belong") -> None:
        super().__init__(f"{what} to a server, and this is a direct message. Use a channel of your server.")


class NotInstalled(UserFacing):
    """Raised when what belongs to a server is asked for on one that the bot is no member of."""

    def __init__(self) -> None:
        super().__init__(
            "I'm not a member of this server, so I keep no data sets, models, stars or lists for it. Ask an admin to "
            "add me, or use `/compose` and `/library mine`."
        )


class AdminsOnly(UserFacing):
    """Raised when somebody who may not manage the server asks for what only those may."""

    def __init__(self) -> None:
        super().__init__("You need the Manage Server permission.")


class OutdatedForm(UserFacing):
    """Raised when a form or a button comes from before the bot restarted, or from an older version."""

    def __init__(self, what: str = "form", advice: str = "Open it again.") -> None:
        super().__init__(f"This {what} is out of date. {advice}")


class NotAllowedHere(UserFacing):
    """Raised when the bot lacks `missing` permissions, named as Discord names them, in this channel or another."""

    def __init__(self, missing: list[str], channel_id: int | None = None) -> None:
        permissions = f"the {' and '.join(missing)} permission{'s' if len(missing) > 1 else ''}"
        if channel_id is not None:
            super().__init__(f"I need {permissions} in <#{channel_id}>. Grant it, or choose another channel.")
            return
        super().__init__(
            f"I need {permissions} in this channel. Ask an admin, or use another channel or a direct message."
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
    | 5   | `TransformerError` without a cause        | which option is not understood | nothing                   |
    | 6   | `CommandSignatureMismatch`, `-NotFound`   | to reload Discord              | a warning                 |
    | 7   | `MissingPermissions`, other `CheckFailure`| that the permission is lacking | nothing                   |
    | 8   | anything else                             | an incident id                 | the id and the traceback  |
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
        return Explained(harmless(error.sentence))
    if isinstance(error, ValidationError) and (refusal := invalid_request(error)) is not None:  # 4
        return Explained(harmless(refusal.sentence))
    if isinstance(error, app_commands.TransformerError):  # 5
        return Explained(f"{as_typed(str(error.value))} can't be used here. Choose a value that Discord suggests.")
    if isinstance(error, (app_commands.CommandSignatureMismatch, app_commands.CommandNotFound)):  # 6
        log.warning("an outdated command was used: %s", error)
        return Explained("This command has changed since Discord loaded it. Reload Discord (Ctrl+R) and try again.")
    if isinstance(error, app_commands.CheckFailure):  # 7
        return Explained("You can't use this command here. Ask an admin of this server.")
    return unexpected(error)  # 8


def unexpected(error: BaseException) -> Explained:
    """The words for an error nobody foresaw: an incident id, under which the log holds the whole traceback."""
    incident = secrets.token_hex(4)
    log.error("incident %s", incident, exc_info=error)
    return Explained("Something went wrong on our side. Try again; if it keeps happening, tell an admin.", incident)


async def answer(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Show `error` to the member who caused it, and to nobody else."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.HTTPException) and error.code in (UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED):
        log.warning("interaction %s was answered too late, or by another process: %s", interaction.id, error)
        return
    ERRORS.labels(type(error).__name__).inc()
    words = str(explain(error))
    try:
        await refuse(interaction, words)
    except discord.HTTPException:
        log.exception("could not tell interaction %s: %s", interaction.id, words)
