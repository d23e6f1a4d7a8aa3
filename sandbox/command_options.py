"""What Discord's own client checks before it sends a command: options there, of the right type, within their limits.

A refusal is a sentence for the person at the page.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sandbox.errors import RefusedError
from sandbox.resolved import Kind, Resolved

Json = dict[str, Any]

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 9, 10, 11
MAX_SAFE = 2**53
MAX_STRING = 6000
_FROM_GUILD = {USER: Kind.USER, CHANNEL: Kind.CHANNEL, ROLE: Kind.ROLE, MENTIONABLE: Kind.MENTIONABLE}


def check_options(given: Any, described: Sequence[Json], resolved: Resolved, partial: bool = False) -> list[Json]:
    """The options as an interaction carries them; what they name goes into `resolved`.

    `partial` is for autocompletion: what is missing or half typed is fine.

    Raises:
        RefusedError: an option is unknown, missing, of the wrong type, or out of its limits; or of subcommands not
            exactly one is given.
    """
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise RefusedError("The command could not be read: its options are not a list.")
    by_name = {one["name"]: one for one in described}
    names = [one.get("name") for one in given]
    for name in names:
        if name not in by_name:
            raise RefusedError(f"This command has no option “{name}”.")
        if names.count(name) > 1:
            raise RefusedError(f"Option “{name}” was given twice.")
    for one in described:
        if one.get("required") and one["name"] not in names and not partial:
            raise RefusedError(f"Option “{one['name']}” is required.")
    below = [one["name"] for one in described if one["type"] in (SUBCOMMAND, GROUP)]
    if below and len(given) != 1:
        raise RefusedError(f"Choose one of: {', '.join(below)}.")
    return [_checked(one, by_name[one["name"]], resolved, partial) for one in given]


def check_focus(options: Sequence[Json], described: Sequence[Json]) -> None:
    """Check that of checked options exactly one is being typed, and that the bot completes it.

    Raises:
        RefusedError: it is not so.
    """
    by_name = {one["name"]: one for one in described}
    below = next((one for one in options if one["type"] in (SUBCOMMAND, GROUP)), None)
    if below is not None:
        check_focus(below["options"], by_name[below["name"]].get("options") or ())
        return
    focused = [one["name"] for one in options if one.get("focused")]
    if len(focused) != 1:
        raise RefusedError("The request could not be read: exactly one option can be completed.")
    if not by_name[focused[0]].get("autocomplete"):
        raise RefusedError(f"Option “{focused[0]}” is not completed by the bot.")


def _checked(given: Json, described: Json, resolved: Resolved, partial: bool) -> Json:
    kind, name = described["type"], described["name"]
    if kind in (SUBCOMMAND, GROUP):
        inner = check_options(given.get("options", []), described.get("options") or (), resolved, partial)
        return {"name": name, "type": kind, "options": inner}
    value = given.get("value")
    if partial and given.get("focused"):
        return {"name": name, "type": kind, "value": str(value or ""), "focused": True}
    if kind == ATTACHMENT:
        if not isinstance(value, int) or isinstance(value, bool):
            raise RefusedError(f"Option “{name}” takes a file.")
        return {"name": name, "type": kind, "value": resolved.attach(value)}
    if kind in _FROM_GUILD:
        chosen = resolved.choose(_FROM_GUILD[kind], value, described.get("channel_types"))
        return {"name": name, "type": kind, "value": chosen}
    return {"name": name, "type": kind, "value": _value(value, described)}


def _value(value: Any, described: Json) -> Any:
    kind, name = described["type"], described["name"]
    if kind == BOOLEAN:
        if not isinstance(value, bool):
            raise RefusedError(f"Option “{name}” is either true or false.")
        return value
    value = _string(value, described) if kind == STRING else _number(value, described)
    choices = described.get("choices") or ()
    if choices and value not in [one["value"] for one in choices]:
        raise RefusedError(f"Option “{name}” must be one of: {', '.join(one['name'] for one in choices)}.")
    return value


def _string(value: Any, described: Json) -> str:
    name = described["name"]
    if not isinstance(value, str) or not value:
        raise RefusedError(f"Option “{name}” takes a text.")
    low, high = described.get("min_length") or 0, described.get("max_length") or MAX_STRING
    if len(value) < low:
        raise RefusedError(f"Option “{name}” must have at least {low} characters.")
    if len(value) > high:
        raise RefusedError(f"Option “{name}” must have at most {high} characters.")
    return value


def _number(value: Any, described: Json) -> int | float:
    name, whole = described["name"], described["type"] == INTEGER
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RefusedError(f"Option “{name}” takes a number.")
    if whole and value != int(value):
        raise RefusedError(f"Option “{name}” takes a whole number.")
    low, high = described.get("min_value"), described.get("max_value")
    if low is not None and value < low:
        raise RefusedError(f"Option “{name}” must be at least {low:,.10g}.")
    if high is not None and value > high:
        raise RefusedError(f"Option “{name}” must be at most {high:,.10g}.")
    if abs(value) > MAX_SAFE:
        raise RefusedError(f"Option “{name}” is too large a number.")
    return int(value) if whole else value
