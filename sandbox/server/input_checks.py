"""What Discord's own client checks before it sends a command, a click or a form; a refusal is a sentence for the page.

Covers the options of commands, the choices of select menus, the fields of forms (modals), and `resolved`: the objects
that the ids in an interaction stand for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

from sandbox.server.errors import ClientRefusalError
from sandbox.server.guild import Channel, User, member_json, roles_json
from sandbox.server.limits import CHECKBOX_GROUP, LABEL, MAX_TEXT, RADIO_GROUP, TEXT_INPUT
from sandbox.server.messages import GROUP, SUBCOMMAND, Message
from sandbox.server.request_body import Upload
from sandbox.server.state import DiscordState

Json = dict[str, Any]

# types of options
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = 3, 4, 5, 6, 7, 8, 9, 10, 11
# types of components
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT, TEXT_DISPLAY, FILE_UPLOAD, CHECKBOX = (
    5,
    6,
    7,
    8,
    10,
    19,
    23,
)
MAX_SAFE_NUMBER = 2**53
MAX_STRING = 6000


class EntityKind(StrEnum):
    """What can be chosen from the guild itself, named as the sentences name it."""

    USER = "member"
    ROLE = "role"
    MENTIONABLE = "member or role"
    CHANNEL = "channel"


_OPTION_ENTITIES = {
    USER: EntityKind.USER,
    CHANNEL: EntityKind.CHANNEL,
    ROLE: EntityKind.ROLE,
    MENTIONABLE: EntityKind.MENTIONABLE,
}
_SELECT_ENTITIES = {
    USER_SELECT: EntityKind.USER,
    ROLE_SELECT: EntityKind.ROLE,
    MENTIONABLE_SELECT: EntityKind.MENTIONABLE,
    CHANNEL_SELECT: EntityKind.CHANNEL,
}


class Resolved:
    """Collects `resolved` of one interaction from the ids and files that the page sent with it."""

    def __init__(self, state: DiscordState, files: Mapping[int, Upload] | None = None) -> None:
        self._state = state
        self._files = files or {}
        self._parts: dict[str, Json] = {}

    def _add(self, part: str, key: int | str, value: Json) -> str:
        self._parts.setdefault(part, {})[str(key)] = value
        return str(key)

    def attach(self, index: Any) -> str:
        """Store the upload of this index.

        Returns:
            The id of the attachment.

        Raises:
            ClientRefusalError: there is no such upload.
        """
        upload = self._files.get(index) if isinstance(index, int) else None
        if upload is None:
            raise ClientRefusalError("The file did not arrive; attach it again.")
        store = self._state.attachments
        stored = store.add(self._state.channel.id, upload.filename, upload.data)
        return self._add("attachments", stored.id, {**store.to_json(stored), "ephemeral": True})

    def choose(self, kind: EntityKind, chosen: Any, channel_types: Collection[int] | None = None) -> str:
        """Add a member, role or channel of the guild by its id.

        Returns:
            The same id.

        Raises:
            ClientRefusalError: there is none with this id, or the channel has another type.
        """
        chosen = chosen if isinstance(chosen, str) else ""
        if kind is EntityKind.CHANNEL:
            channel = next((one for one in self._state.channels.values() if str(one.id) == chosen), None)
            if channel is not None and channel.guild_id and channel.type in (channel_types or (channel.type,)):
                return self._add("channels", chosen, self._channel_json(channel))
            raise ClientRefusalError("There is no such channel to choose here.")
        if kind is not EntityKind.ROLE and (user := self._state.find_user(chosen)) is not None:
            return self._add_user(user)
        role = next((one for one in roles_json() if one["id"] == chosen), None)
        if kind is not EntityKind.USER and role is not None:
            return self._add("roles", chosen, role)
        raise ClientRefusalError(f"There is no such {kind}.")

    def _channel_json(self, channel: Channel) -> Json:
        return {**channel.to_json(), "permissions": str(self._state.permissions_of(self._state.owner))}

    def _add_user(self, user: User) -> str:
        permissions = self._state.permissions_of(user)
        self._add("members", user.id, member_json(user, permissions, with_user=False))
        return self._add("users", user.id, user.to_json())

    def add_message(self, message: Message) -> str:
        """Add a message.

        Returns:
            Its id.
        """
        return self._add("messages", message.id, message.to_json(self._state.attachments))

    def to_json(self) -> Json:
        """What to merge into the data of the interaction: `resolved`, or nothing if it is empty."""
        return {"resolved": self._parts} if self._parts else {}


# --- options of commands ---------------------------------------------------------------------------------------------


def check_options(given: Any, described: Sequence[Json], resolved: Resolved, partial: bool = False) -> list[Json]:
    """Check options and bring them into the form of an interaction; what they name is added to `resolved`.

    `partial` is for autocompletion: options may be missing or half typed.

    Raises:
        ClientRefusalError: an option is unknown, missing, of the wrong type or out of its limits, or not exactly one
            subcommand is given.
    """
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise ClientRefusalError("The command could not be read: its options are not a list.")
    by_name = {one["name"]: one for one in described}
    names = [one.get("name") for one in given]
    for name in names:
        if name not in by_name:
            raise ClientRefusalError(f"This command has no option “{name}”.")
        if names.count(name) > 1:
            raise ClientRefusalError(f"Option “{name}” was given twice.")
    for one in described:
        if one.get("required") and one["name"] not in names and not partial:
            raise ClientRefusalError(f"Option “{one['name']}” is required.")
    below = [one["name"] for one in described if one["type"] in (SUBCOMMAND, GROUP)]
    if below and len(given) != 1:
        raise ClientRefusalError(f"Choose one of: {', '.join(below)}.")
    return [_option(one, by_name[one["name"]], resolved, partial) for one in given]


def check_focus(options: Sequence[Json], described: Sequence[Json]) -> None:
    """Check that exactly one of the (checked) options is being typed, and that the bot completes it.

    Raises:
        ClientRefusalError: it is not so.
    """
    by_name = {one["name"]: one for one in described}
    below = next((one for one in options if one["type"] in (SUBCOMMAND, GROUP)), None)
    if below is not None:
        check_focus(below["options"], by_name[below["name"]].get("options") or ())
        return
    focused = [one["name"] for one in options if one.get("focused")]
    if len(focused) != 1:
        raise ClientRefusalError("The request could not be read: exactly one option can be completed.")
    if not by_name[focused[0]].get("autocomplete"):
        raise ClientRefusalError(f"Option “{focused[0]}” is not completed by the bot.")


def _option(given: Json, described: Json, resolved: Resolved, partial: bool) -> Json:
    kind, name = described["type"], described["name"]
    if kind in (SUBCOMMAND, GROUP):
        inner = check_options(given.get("options", []), described.get("options") or (), resolved, partial)
        return {"name": name, "type": kind, "options": inner}
    value = given.get("value")
    if partial and given.get("focused"):
        return {"name": name, "type": kind, "value": str(value or ""), "focused": True}
    if kind == ATTACHMENT:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ClientRefusalError(f"Option “{name}” takes a file.")
        return {"name": name, "type": kind, "value": resolved.attach(value)}
    if kind in _OPTION_ENTITIES:
        chosen = resolved.choose(_OPTION_ENTITIES[kind], value, described.get("channel_types"))
        return {"name": name, "type": kind, "value": chosen}
    return {"name": name, "type": kind, "value": _option_value(value, described)}


def _option_value(value: Any, described: Json) -> Any:
    kind, name = described["type"], f"Option “{described['name']}”"
    if kind == BOOLEAN:
        if not isinstance(value, bool):
            raise ClientRefusalError(f"{name} is either true or false.")
        return value
    if kind == STRING:
        if not value:
            raise ClientRefusalError(f"{name} takes a text.")
        value = _text(value, described, name, MAX_STRING)
    else:
        value = _number(value, described, name)
    choices = described.get("choices") or ()
    if choices and value not in [one["value"] for one in choices]:
        raise ClientRefusalError(f"{name} must be one of: {', '.join(one['name'] for one in choices)}.")
    return value


def _text(value: Any, described: Json, name: str, most: int) -> str:
    if not isinstance(value, str):
        raise ClientRefusalError(f"{name} takes a text.")
    low, high = described.get("min_length") or 0, described.get("max_length") or most
    if len(value) < low:
        raise ClientRefusalError(f"{name} must have at least {low} characters.")
    if len(value) > high:
        raise ClientRefusalError(f"{name} must have at most {high} characters.")
    return value


def _number(value: Any, described: Json, name: str) -> int | float:
    is_whole = described["type"] == INTEGER
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ClientRefusalError(f"{name} takes a number.")
    if is_whole and value != int(value):
        raise ClientRefusalError(f"{name} takes a whole number.")
    low, high = described.get("min_value"), described.get("max_value")
    if low is not None and value < low:
        raise ClientRefusalError(f"{name} must be at least {low:,.10g}.")
    if high is not None and value > high:
        raise ClientRefusalError(f"{name} must be at most {high:,.10g}.")
    if abs(value) > MAX_SAFE_NUMBER:
        raise ClientRefusalError(f"{name} is too large a number.")
    return int(value) if is_whole else value


# --- menus and forms -------------------------------------------------------------------------------------------------


def chosen_values(control: Json, given: Any, resolved: Resolved, name: str = "This menu") -> list[str]:
    """Check the choices of a control and bring them into the form of an interaction.

    Raises:
        ClientRefusalError: they are not among its choices, too few or too many; the sentence begins with `name`.
    """
    if not isinstance(given, list):
        raise ClientRefusalError("The request could not be read: its values are not a list.")
    low, high = _bounds(control)
    if given and len(set(map(str, given))) != len(given):
        raise ClientRefusalError(f"{name} takes each choice once.")
    if not low <= len(given) <= high and (given or control.get("required", True)):
        wanted = f"{low}" if low == high else f"{low} to {high}"
        raise ClientRefusalError(f"{name} takes {wanted} choice{'' if wanted == '1' else 's'}.")
    kind = control["type"]
    if kind == FILE_UPLOAD:
        return [resolved.attach(one) for one in given]
    if kind in _SELECT_ENTITIES:
        return [resolved.choose(_SELECT_ENTITIES[kind], one, control.get("channel_types")) for one in given]
    return [_choice(control, one, name) for one in given]


def _bounds(control: Json) -> tuple[int, int]:
    low, high = control.get("min_values"), control.get("max_values")
    most = len(control["options"]) if control["type"] == CHECKBOX_GROUP else 1
    return 1 if low is None else low, most if high is None else high


def _choice(control: Json, given: Any, name: str) -> str:
    if given not in [one["value"] for one in control["options"]]:
        raise ClientRefusalError(f"{name} has no such choice.")
    return str(given)


def form_answers(components: list[Json], given: Any, resolved: Resolved) -> list[Json]:
    """The components of a submitted form, from the values given by `custom_id`.

    Raises:
        ClientRefusalError: a value is missing, unknown, or not what its control takes.
    """
    if not isinstance(given, Mapping):
        raise ClientRefusalError("The form could not be read: its values are not named.")
    left = dict(given)
    answers = [_part_answer(one, left, resolved) for one in components]
    if left:
        raise ClientRefusalError(f"This form has no field “{next(iter(left))}”.")
    return answers


def _part_answer(part: Json, left: Json, resolved: Resolved) -> Json:
    head = {"type": part["type"], "id": part["id"]}
    if part["type"] == TEXT_DISPLAY:
        return head
    if part["type"] == LABEL:
        return {**head, "component": _control_answer(part["component"], part["label"], left, resolved)}
    inner = [_control_answer(one, one.get("label") or "This field", left, resolved) for one in part["components"]]
    return {**head, "components": inner}


def _control_answer(control: Json, label: str, left: Json, resolved: Resolved) -> Json:
    given = left.pop(control["custom_id"], None)
    head = {"type": control["type"], "id": control["id"], "custom_id": control["custom_id"]}
    return {**head, **_control_value(control, given, resolved, f"“{label}”")}


def _control_value(control: Json, given: Any, resolved: Resolved, name: str) -> Json:
    """`value` or `values` of a control, from what was given for it (None: nothing)."""
    kind, is_required = control["type"], control.get("required", True)
    if kind == CHECKBOX:
        if not isinstance(given or False, bool):
            raise ClientRefusalError(f"{name} is either ticked or not.")
        return {"value": bool(given)}
    is_empty = given is None if kind == RADIO_GROUP else not given
    if is_empty and is_required:
        raise ClientRefusalError(f"{name} is required.")
    if kind == TEXT_INPUT:
        return {"value": _text(given, control, name, MAX_TEXT) if given else ""}
    if kind == RADIO_GROUP:
        return {"value": None if given is None else _choice(control, given, name)}
    return {"values": chosen_values(control, given or [], resolved, name)}
