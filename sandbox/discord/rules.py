"""Discord's limits that its description leaves out: of messages, their components, and commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sandbox.discord.errors import FieldError, invalid_form

Json = dict[str, Any]

COMPONENTS_V2 = 1 << 15
MAX_CONTENT = 2000
MAX_EMBED_CHARACTERS = 6000
MAX_ROWS = 5
_ROW, _BUTTON = 1, 2
_LINK, _PREMIUM = 5, 6
_SUBCOMMAND_TYPES = (1, 2)
_MAX_PER_TYPE = 100
_NAME = re.compile(r"[-_'\w]{1,32}")


def check_message(payload: Json, v2: bool = False) -> None:
    """Check what a message would hold; `v2` where it already uses the newer components.

    Raises:
        DiscordError: 50035 with nested errors.
    """
    found = list(_message_errors(payload, v2 or bool((payload.get("flags") or 0) & COMPONENTS_V2)))
    if found:
        raise invalid_form(found)


def _message_errors(payload: Json, v2: bool) -> Iterator[FieldError]:
    if len(payload.get("content") or "") > MAX_CONTENT:
        yield ("content",), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_CONTENT} or fewer in length."
    embeds = payload.get("embeds") or []
    if sum(_characters(embed) for embed in embeds) > MAX_EMBED_CHARACTERS:
        yield ("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_CHARACTERS}"
    for key in ("content", "embeds"):
        if v2 and payload.get(key):
            sentence = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            yield (key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", sentence
    yield from _component_errors(payload.get("components") or [], v2)


def _characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    for field in embed.get("fields") or ():
        texts += [field["name"], field["value"]]
    return sum(len(text or "") for text in texts)


def _component_errors(components: list[Json], v2: bool) -> Iterator[FieldError]:
    if not v2 and len(components) > MAX_ROWS:
        yield ("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_ROWS} in length."
    seen: set[str] = set()
    for index, component in enumerate(components):
        if component["type"] != _ROW and not v2:
            sentence = f'Value of field "type" must be one of ({_ROW},).'
            yield ("components", index, "type"), "UNION_TYPE_CHOICES", sentence
        for place, one in enumerate(component.get("components") or () if component["type"] == _ROW else ()):
            yield from _control_errors(one, seen, ("components", index, "components", place))


def _control_errors(one: Json, seen: set[str], path: tuple[str | int, ...]) -> Iterator[FieldError]:
    custom_id = one.get("custom_id")
    if custom_id is not None and custom_id in seen:
        sentence = "Component custom id cannot be duplicated"
        yield (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", sentence
    seen.add(custom_id or "")
    if one["type"] != _BUTTON or one["style"] == _PREMIUM:
        return
    if (one["style"] == _LINK) != bool(one.get("url")):
        yield (
            (*path, "url"),
            "BUTTON_COMPONENT_INVALID_URL",
            "A link button needs a url, and only a link button has one",
        )
    if (one["style"] != _LINK) != bool(custom_id):
        sentence = "A custom id is required, and only a link button has none"
        yield (*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", sentence
    if not one.get("label") and not one.get("emoji"):
        yield (*path, "label"), "BUTTON_COMPONENT_INVALID_LABEL", "A button needs a label or an emoji"


def check_commands(commands: Iterable[Json]) -> None:
    """Check application commands.

    Raises:
        DiscordError: 50035 with nested errors.
    """
    found: list[FieldError] = []
    seen: dict[tuple[int, str], int] = {}
    of_type: dict[int, int] = {}
    for index, command in enumerate(commands):
        kind = command.get("type") or 1
        of_type[kind] = of_type.get(kind, 0) + 1
        if (kind, command["name"]) in seen:
            found.append(((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"))
        seen[kind, command["name"]] = index
        if kind == 1:
            found += _slash_errors(command, (index,))
        elif command.get("description"):
            found.append(((index, "description"), "BASE_TYPE_BAD_LENGTH", "Context menu commands have no description"))
    if any(count > _MAX_PER_TYPE for count in of_type.values()):
        found.append(((), "APPLICATION_COMMAND_TOO_MANY", "Maximum number of application commands reached (100)."))
    if found:
        raise invalid_form(found)


def _slash_errors(command: Json, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    yield from _name_errors(command["name"], path)
    if not command.get("description"):
        yield (*path, "description"), "BASE_TYPE_REQUIRED", "This field is required"
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(command.get("options") or ()):
        here = (*path, "options", index)
        if option["type"] in _SUBCOMMAND_TYPES:
            yield from _slash_errors(option, here)
            continue
        yield from _name_errors(option["name"], here)
        if option["name"] in names:
            yield (*here, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"
        names.add(option["name"])
        if option.get("required") and optional_seen:
            sentence = "Required options must be placed before non-required options"
            yield here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence
        optional_seen = optional_seen or not option.get("required")
        if option.get("choices") and option.get("autocomplete"):
            sentence = "Autocomplete cannot be used together with choices"
            yield here, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES_INVALID", sentence


def _name_errors(name: str, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    if not _NAME.fullmatch(name) or name != name.lower():
        yield (*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
