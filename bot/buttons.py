"""Buttons under messages. A button knows all it needs from its own id, so it works after a restart.

Features register what their buttons do; `piece_view` and `admin_view` build the rows under a message. The actions'
names stand in the ids of messages that were sent long ago: they never change.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import discord

from bot.context import Interaction
from bot.errors import AlreadyAsked, OutdatedForm, answer
from bot.message import MakesView
from jobs.contract import ComposeRequest, JobId

TOO_SOON = timedelta(seconds=2)  # between two presses of the same button by the same member
MOST_REMEMBERED = 2_000

Press = Callable[[Interaction, str], Awaitable[None]]
PressKey = tuple[int, int, str]  # member, message, custom id


@dataclass(frozen=True)
class ButtonAction:
    """What a button looks like, and what it does. `starts` names what it starts, where pressing it twice is a slip."""

    label: str
    style: discord.ButtonStyle
    emoji: str | None
    press: Press
    starts: str | None = None


PIECE_ACTIONS: dict[str, ButtonAction] = {}
ADMIN_ACTIONS: dict[str, ButtonAction] = {}


TurnPage = Callable[[Interaction, int, str], Awaitable[None]]
LISTINGS: dict[str, TurnPage] = {}  # by the name in the ids of `PageButton`; the names never change


class RecentPresses:
    """The latest presses of buttons that start a job."""

    def __init__(self) -> None:
        self._latest: dict[PressKey, Interaction] = {}

    @contextmanager
    def once(self, interaction: Interaction, custom_id: str, what: str) -> Iterator[None]:
        """Handle a press inside; one that fails may be repeated at once.

        Raises:
            AlreadyAsked: the same member pressed the same button a moment ago, or the job of that press is still open.
        """
        key = (interaction.user.id, interaction.message.id if interaction.message else 0, custom_id)
        before = self._latest.get(key)
        if before is not None and self._is_pending(before, interaction):
            raise AlreadyAsked(what)
        self._latest.pop(key, None)
        self._latest[key] = interaction
        if len(self._latest) > MOST_REMEMBERED:
            self._latest.pop(next(iter(self._latest)))
        try:
            yield
        except BaseException:
            self._latest.pop(key, None)
            raise

    @staticmethod
    def _is_pending(before: Interaction, now: Interaction) -> bool:
        is_open = now.client.tracker.is_following(str(before.id))
        return is_open or now.created_at - before.created_at < TOO_SOON


async def _handle(
    interaction: Interaction, actions: dict[str, ButtonAction], name: str, subject: str, custom_id: str
) -> None:
    """Do what a button says; an error becomes words here, because discord.py would only log it."""
    try:
        if name not in actions:
            raise OutdatedForm("button", "Use the command again.")
        action = actions[name]
        if action.starts is None:
            await action.press(interaction, subject)
        else:
            with interaction.client.presses.once(interaction, custom_id, action.starts):
                await action.press(interaction, subject)
    except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
        await answer(interaction, error)


def _look(action: ButtonAction | None, label: str | None, custom_id: str) -> discord.ui.Button[Any]:
    if action is None:
        return discord.ui.Button(label=label or "?", custom_id=custom_id)
    return discord.ui.Button(label=label or action.label, style=action.style, emoji=action.emoji, custom_id=custom_id)


class PieceButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"cadenza:(?P<action>[a-z_]+):(?P<job>[A-Za-z0-9_-]{1,64}):(?P<requester>\d{1,20})",
):
    """A button under a piece: its id names what it does, the job, and the member who asked for the piece.

    The id is only a pointer: whether the member may use the piece is checked against the job's record.
    """

    def __init__(self, action: str, job_id: JobId, requester_id: int) -> None:
        super().__init__(_look(PIECE_ACTIONS.get(action), None, f"cadenza:{action}:{job_id}:{requester_id}"))
        self._pressed = (action, job_id)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PieceButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["action"], match["job"], int(match["requester"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says."""
        await _handle(interaction, PIECE_ACTIONS, *self._pressed, self.custom_id)


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"cadenza-page:(?P<listing>[a-z_]+):(?P<page>\d{1,4}):(?P<query>[^\n]{0,80})",
):
    """A button that turns the pages of a listing: its id names the listing, the page, and what is listed."""

    def __init__(self, listing: str, page: int, query: str, label: str = "Page") -> None:
        custom_id = f"cadenza-page:{listing}:{page}:{query}"
        super().__init__(discord.ui.Button(label=label, style=discord.ButtonStyle.secondary, custom_id=custom_id))
        self._asked = (listing, page, query)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PageButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["listing"], int(match["page"]), match["query"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Show the page in place of the present one."""
        listing, page, query = self._asked
        try:
            if listing not in LISTINGS:
                raise OutdatedForm("button", "Use the command again.")
            await LISTINGS[listing](interaction, page, query)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
            await answer(interaction, error)


def page_buttons(listing: str, query: str, page: int, pages: int) -> list[PageButton]:
    """Buttons to the page before `page` and the one after it, where there are such of `pages`."""
    found = []
    if page > 1:
        found.append(PageButton(listing, page - 1, query, "◀ Previous"))
    if page < pages:
        found.append(PageButton(listing, page + 1, query, "Next ▶"))
    return found


class AdminButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"cadenza-admin:(?P<action>[a-z_]+):(?P<subject>[A-Za-z0-9_:-]{1,64})",
):
    """A button about a server's data sets, models and trainings: its id names what it does, and to what.

    That is a data set's name, the job of a training or of a library request, or a model as 'name:version'. `label`
    replaces the usual one where another says better what it does here.
    """

    def __init__(self, action: str, subject: str, label: str | None = None) -> None:
        super().__init__(_look(ADMIN_ACTIONS.get(action), label, f"cadenza-admin:{action}:{subject}"))
        self._pressed = (action, subject)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> AdminButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["action"], match["subject"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says."""
        await _handle(interaction, ADMIN_ACTIONS, *self._pressed, self.custom_id)


def piece_view(actions: tuple[str, ...], request: ComposeRequest) -> MakesView:
    """Buttons for the piece of `request`; a row holds five."""
    return lambda: _view(PieceButton(action, request.job_id, request.requester_id) for action in actions)


def piece_buttons(*buttons: tuple[str, JobId, int]) -> MakesView:
    """Buttons of (action, job of a piece, member)."""
    return lambda: _view(PieceButton(*button) for button in buttons)


def admin_view(*buttons: tuple[str, str] | tuple[str, str, str]) -> MakesView:
    """Buttons of (action, subject), or (action, subject, label)."""
    return lambda: _view(AdminButton(*button) for button in buttons)


def piece_under(message: discord.Message) -> JobId | None:
    """The job of the piece that a message of the bot shows, as the buttons under it say; None for another message."""
    template = PieceButton.__discord_ui_compiled_template__
    for row in message.components:
        for button in getattr(row, "children", ()):
            found = template.fullmatch(getattr(button, "custom_id", None) or "")
            if found is not None:
                return str(found["job"])
    return None


def page_view(listing: str, query: str, page: int, pages: int) -> MakesView | None:
    """The buttons of a listing in pages; None where there is one page only."""
    return (lambda: _view(page_buttons(listing, query, page, pages))) if pages > 1 else None


def _view(items: Iterable[discord.ui.Item[Any]]) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
