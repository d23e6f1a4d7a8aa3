"""What Discord's own client lets a person put into one control: a select menu, a text box, ticks, files.

Messages have select menus only; forms have all of them.
"""

from __future__ import annotations

from typing import Any

from sandbox.errors import RefusedError
from sandbox.resolved import Kind, Resolved

Json = dict[str, Any]

STRING_SELECT, TEXT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 3, 4, 5, 6, 7, 8
FILES, RADIO, TICKS, TICK = 19, 21, 22, 23
SELECTS = (STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT)
MAX_TEXT = 4000
_FROM_GUILD = {
    USER_SELECT: Kind.USER,
    ROLE_SELECT: Kind.ROLE,
    MENTIONABLE_SELECT: Kind.MENTIONABLE,
    CHANNEL_SELECT: Kind.CHANNEL,
}


def chosen_values(control: Json, given: Any, resolved: Resolved, name: str = "This menu") -> list[str]:
    """The values of a control that several can be chosen from, as an interaction carries them.

    Raises:
        RefusedError: they are not of the control, too few or too many; `name` begins the sentence.
    """
    if not isinstance(given, list):
        raise RefusedError("The request could not be read: its values are not a list.")
    low, high = _bounds(control)
    if given and len(set(map(str, given))) != len(given):
        raise RefusedError(f"{name} takes each choice once.")
    if not low <= len(given) <= high and (given or control.get("required", True)):
        wanted = f"{low}" if low == high else f"{low} to {high}"
        raise RefusedError(f"{name} takes {wanted} choice{'' if wanted == '1' else 's'}.")
    kind = control["type"]
    if kind == FILES:
        return [resolved.attach(one) for one in given]
    if kind in _FROM_GUILD:
        return [resolved.choose(_FROM_GUILD[kind], one, control.get("channel_types")) for one in given]
    return [_option(control, one, name) for one in given]


def _bounds(control: Json) -> tuple[int, int]:
    low, high = control.get("min_values"), control.get("max_values")
    most = len(control["options"]) if control["type"] == TICKS else 1
    return 1 if low is None else low, most if high is None else high


def _option(control: Json, given: Any, name: str) -> str:
    if given not in [one["value"] for one in control["options"]]:
        raise RefusedError(f"{name} has no such choice.")
    return str(given)


def control_answer(control: Json, given: Any, resolved: Resolved, name: str) -> Json:
    """`value` or `values` of a form's control, of what was `given` for it (None where nothing was).

    Raises:
        RefusedError: it is not what the control takes; `name` begins the sentence.
    """
    kind = control["type"]
    if kind == TEXT:
        return {"value": _text(control, "" if given is None else given, name)}
    if kind == TICK:
        if not isinstance(given or False, bool):
            raise RefusedError(f"{name} is either ticked or not.")
        return {"value": bool(given)}
    if kind == RADIO:
        if given is None and control.get("required", True):
            raise RefusedError(f"{name} is required.")
        return {"value": None if given is None else _option(control, given, name)}
    if not given and control.get("required", True):
        raise RefusedError(f"{name} is required.")
    return {"values": chosen_values(control, given or [], resolved, name)}


def _text(control: Json, given: Any, name: str) -> str:
    if not isinstance(given, str):
        raise RefusedError(f"{name} takes a text.")
    if not given:
        if control.get("required", True):
            raise RefusedError(f"{name} is required.")
        return given
    low, high = control.get("min_length") or 0, control.get("max_length") or MAX_TEXT
    if len(given) < low:
        raise RefusedError(f"{name} must have at least {low} characters.")
    if len(given) > high:
        raise RefusedError(f"{name} must have at most {high} characters.")
    return given
