"""Discord's limits of select menus, in messages and in forms, that its description leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.discord.errors import FieldError

Json = dict[str, Any]

STRING_SELECT = 3
SELECTS = (STRING_SELECT, 5, 6, 7, 8)
_RADIO, _TICKS = 21, 22


def menu_errors(one: Json, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    """What is wrong with a select menu, or with what has options like one."""
    low = 1 if one.get("min_values") is None else one["min_values"]
    high = one.get("max_values") or (len(one["options"]) if one["type"] == _TICKS else 1)
    if low > high:
        yield (*path, "min_values"), "SELECT_COMPONENT_MIN_GREATER_THAN_MAX", "Min values is greater than max values"
    if one["type"] not in (STRING_SELECT, _RADIO, _TICKS):
        if len(one.get("default_values") or ()) > high:
            yield (*path, "default_values"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than can be chosen"
        return
    options = one["options"]
    if high > len(options):
        sentence = f"Must be less than or equal to the number of options ({len(options)})"
        yield (*path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_INVALID", sentence
    values = [option["value"] for option in options]
    for index, value in enumerate(values):
        if value in values[:index]:
            place = (*path, "options", index, "value")
            yield place, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
    if sum(bool(option.get("default")) for option in options) > high:
        yield (*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than can be chosen"
