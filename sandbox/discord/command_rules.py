"""Discord's limits of application commands that its description leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.discord.errors import FieldError, invalid_form

Json = dict[str, Any]
Path = tuple[str | int, ...]

MAX_CHARACTERS = 8000
_SLASH, _ON_MESSAGE = 1, 3
_MAX_PER_TYPE = {_SLASH: 100, _ON_MESSAGE: 15}
_SUBCOMMAND, _GROUP = 1, 2
_NAME = re.compile(r"[-_'\w]{1,32}")


def check_commands(commands: Iterable[Json]) -> None:
    """Check application commands. Those on members are refused, since the page could not offer them.

    Raises:
        DiscordError: 50035 with nested errors.
    """
    found: list[FieldError] = []
    seen: set[tuple[int, str]] = set()
    of_type: dict[int, int] = {}
    for index, command in enumerate(commands):
        kind = command.get("type") or _SLASH
        of_type[kind] = of_type.get(kind, 0) + 1
        if kind not in _MAX_PER_TYPE:
            found.append(((index, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {set(_MAX_PER_TYPE)}."))
        if (kind, command["name"]) in seen:
            found.append(((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"))
        seen.add((kind, command["name"]))
        found += _slash_errors(command, (index,)) if kind == _SLASH else _menu_errors(command, (index,))
    for kind, most in _MAX_PER_TYPE.items():
        if of_type.get(kind, 0) > most:
            sentence = f"Maximum number of application commands reached ({most})."
            found.append(((), "APPLICATION_COMMAND_TOO_MANY", sentence))
    if found:
        raise invalid_form(found)


def _menu_errors(command: Json, path: Path) -> Iterator[FieldError]:
    if command.get("description"):
        yield (*path, "description"), "BASE_TYPE_BAD_LENGTH", "Context menu commands have no description"
    if command.get("options"):
        yield (*path, "options"), "APPLICATION_COMMAND_OPTIONS_INVALID", "Context menu commands have no options"


def _slash_errors(command: Json, path: Path) -> Iterator[FieldError]:
    if _characters(command) > MAX_CHARACTERS:
        sentence = f"Command exceeds maximum size ({MAX_CHARACTERS})"
        yield path, "APPLICATION_COMMAND_TOO_LARGE", sentence
    yield from _errors_below(command, path, (_SUBCOMMAND, _GROUP))


def _characters(part: Json) -> int:
    """What Discord counts: names, descriptions and choices' values, of a command and of all within it."""
    own = sum(len(str(part.get(key) or "")) for key in ("name", "description", "value"))
    return own + sum(_characters(one) for key in ("options", "choices") for one in part.get(key) or ())


def _errors_below(command: Json, path: Path, may_hold: tuple[int, ...]) -> Iterator[FieldError]:
    """What is wrong with a command, a group or a subcommand; of the latter two `may_hold` says what fits in here."""
    yield from _name_errors(command["name"], path)
    if not command.get("description"):
        yield (*path, "description"), "BASE_TYPE_REQUIRED", "This field is required"
    options = command.get("options") or ()
    kinds = {option["type"] in (_SUBCOMMAND, _GROUP) for option in options}
    if len(kinds) > 1:
        sentence = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        yield (*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence
    if command.get("type") == _GROUP and not options:
        yield (*path, "options"), "BASE_TYPE_REQUIRED", "This field is required"
    names: set[str] = set()
    for index, option in enumerate(options):
        if option["name"] in names:
            place = (*path, "options", index, "name")
            yield place, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"
        names.add(option["name"])
        yield from _option_errors(option, (*path, "options", index), may_hold)
    yield from _order_errors(options, path)


def _option_errors(option: Json, path: Path, may_hold: tuple[int, ...]) -> Iterator[FieldError]:
    kind = option["type"]
    if kind in (_SUBCOMMAND, _GROUP):
        if kind not in may_hold:
            sentence = "Sub-commands and groups cannot be nested any deeper"
            yield (*path, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence
        yield from _errors_below(option, path, (_SUBCOMMAND,) if kind == _GROUP else ())
        return
    yield from _name_errors(option["name"], path)
    if option.get("choices") and option.get("autocomplete"):
        sentence = "Autocomplete cannot be used together with choices"
        yield path, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES_INVALID", sentence


def _order_errors(options: Iterable[Json], path: Path) -> Iterator[FieldError]:
    optional_seen = False
    for index, option in enumerate(options):
        if option["type"] in (_SUBCOMMAND, _GROUP):
            continue
        if option.get("required") and optional_seen:
            sentence = "Required options must be placed before non-required options"
            yield (*path, "options", index), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence
        optional_seen = optional_seen or not option.get("required")


def _name_errors(name: str, path: Path) -> Iterator[FieldError]:
    if not _NAME.fullmatch(name) or name != name.lower():
        yield (*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
