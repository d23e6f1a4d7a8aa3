"""Discord's limits of forms (modals) that its description leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.discord.errors import FieldError, invalid_form
from sandbox.discord.menu_rules import SELECTS, menu_errors

Json = dict[str, Any]
Path = tuple[str | int, ...]

MAX_PARTS = 5
_ROW, _LABEL = 1, 18
_TEXT, _RADIO, _TICKS = 4, 21, 22
_MAX_TEXT = 4000


def check_form(form: Json) -> None:
    """Check a form, which its schema has passed.

    Raises:
        DiscordError: 50035 with nested errors.
    """
    found = list(_errors(form["components"]))
    if found:
        raise invalid_form(found)


def _errors(components: list[Json]) -> Iterator[FieldError]:
    if len(components) > MAX_PARTS:
        yield ("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_PARTS} in length."
    seen: set[str] = set()
    for index, part in enumerate(components):
        path = ("components", index)
        if part["type"] == _LABEL:
            yield from _control_errors(part["component"], seen, (*path, "component"), labelled=True)
        elif part["type"] == _ROW:
            if len(part["components"]) != 1:
                yield (*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 1 in length."
            for place, one in enumerate(part["components"]):
                yield from _control_errors(one, seen, (*path, "components", place), labelled=False)


def _control_errors(one: Json, seen: set[str], path: Path, labelled: bool) -> Iterator[FieldError]:
    if one["custom_id"] in seen:
        yield (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
    seen.add(one["custom_id"])
    if one["type"] == _TEXT:
        yield from _text_errors(one, path, labelled)
    elif one["type"] in (*SELECTS, _RADIO, _TICKS):
        yield from menu_errors(one, path)
        if one.get("disabled"):
            yield (*path, "disabled"), "COMPONENT_DISABLED_INVALID", "A form has no disabled components"


def _text_errors(one: Json, path: Path, labelled: bool) -> Iterator[FieldError]:
    if labelled and one.get("label"):
        yield (*path, "label"), "TEXT_INPUT_LABEL_INVALID", "A text input within a label has no label of its own"
    if not labelled and not one.get("label"):
        yield (*path, "label"), "BASE_TYPE_REQUIRED", "This field is required"
    low, high = one.get("min_length") or 0, one.get("max_length") or _MAX_TEXT
    if low > high:
        yield (*path, "min_length"), "TEXT_INPUT_LENGTH_INVALID", "Min length must not be greater than max length"
    if len(one.get("value") or "") > high:
        yield (*path, "value"), "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length."
