"""Discord's limits that its description leaves out: of messages and their components."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.discord.errors import FieldError, invalid_form
from sandbox.discord.menu_rules import SELECTS, menu_errors

Json = dict[str, Any]

COMPONENTS_V2 = 1 << 15
MAX_CONTENT = 2000
MAX_EMBED_CHARACTERS = 6000
MAX_ROWS = 5
_ROW, _BUTTON = 1, 2
_LINK, _PREMIUM = 5, 6


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
        controls = component.get("components") or () if component["type"] == _ROW else ()
        if len(controls) > 1 and any(one["type"] in SELECTS for one in controls):
            sentence = "A row holds up to five buttons, or one select menu"
            yield ("components", index), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", sentence
        for place, one in enumerate(controls):
            yield from _control_errors(one, seen, ("components", index, "components", place))


def _control_errors(one: Json, seen: set[str], path: tuple[str | int, ...]) -> Iterator[FieldError]:
    custom_id = one.get("custom_id")
    if custom_id is not None and custom_id in seen:
        sentence = "Component custom id cannot be duplicated"
        yield (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", sentence
    seen.add(custom_id or "")
    if one["type"] in SELECTS:
        yield from menu_errors(one, path)
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
