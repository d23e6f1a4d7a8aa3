"""Applies Discord's published description of request bodies (`sandbox/schema/`) to what a bot sends.

Three steps: `normalise` turns numbers into digit strings and back where the description wants the other (Discord takes
both), the compiled validator reports what breaks the description, and unknown keys, which the description lets pass,
are reported too: they are a bot's typing error more often than not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from sandbox.discord.errors import FieldError, invalid_form
from sandbox.discord.field_errors import explain

_FILE = Path(__file__).parent.parent / "schema" / "discord-requests.json"
_PREFIX = "#/components/schemas/"
_URL_SCHEMES = ("http://", "https://", "attachment://", "discord://")

# Keys that the real one takes or quietly drops although the description has none; libraries send them.
_TOLERATED = frozenset(
    {"nsfw", "proxy_url", "proxy_icon_url", "content_type", "flags", "tts", "placeholder", "uploaded_filename"}
)

CALLBACKS = {
    1: "PongInteractionCallbackRequest",
    4: "CreateMessageInteractionCallbackRequest",
    5: "CreateMessageInteractionCallbackRequest",
    6: "UpdateMessageInteractionCallbackRequest",
    7: "UpdateMessageInteractionCallbackRequest",
    8: "ApplicationCommandAutocompleteCallbackRequest",
    9: "ModalInteractionCallbackRequest",
}

_JSON_TYPES = {str: "string", int: "integer", bool: "boolean", float: "number"}

Json = dict[str, Any]
formats = FormatChecker(formats=())


@formats.checks("uri")
def _is_url(value: object) -> bool:
    return not isinstance(value, str) or value.startswith(_URL_SCHEMES)


@formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


@cache
def _description() -> Json:
    loaded: Json = json.loads(_FILE.read_text(encoding="utf-8"))
    return loaded


@cache
def _validator(name: str, many: bool) -> Draft202012Validator:
    wanted: Json = {"$ref": f"{_PREFIX}{name}"}
    root = {"type": ["array", "null"], "items": wanted, "maxItems": 130} if many else wanted
    return Draft202012Validator({**root, "components": _description()["components"]}, format_checker=formats)


def checked(body: Any, name: str, many: bool = False) -> Any:
    """The body as the schema `name` (or a list of it) wants it, digit strings and numbers set right.

    Raises:
        DiscordError: 50035 with nested errors for whatever the description forbids or does not know.
    """
    node: Json = {"items": {"$ref": f"{_PREFIX}{name}"}} if many else {"$ref": f"{_PREFIX}{name}"}
    body = normalise(body, node)
    found = [field for error in _validator(name, many).iter_errors(body) for field in explain(error)]
    found = found or list(_unknown_keys(body, node, ()))
    if found:
        raise invalid_form(found)
    return body


def normalise(value: Any, node: Json) -> Any:
    """`value` with ids as strings and digit strings as integers, wherever `node` of the description says so."""
    node = _resolved(node, value)
    if isinstance(value, dict):
        known = node.get("properties", {})
        return {key: normalise(one, known.get(key, {})) for key, one in value.items()}
    if isinstance(value, list):
        return [normalise(one, node.get("items", {})) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and node.get("format") == "snowflake":
        return str(value)
    types = node.get("type", ())
    if isinstance(value, str) and value.isdigit() and "integer" in ([types] if isinstance(types, str) else types):
        return int(value)
    return value


def _unknown_keys(value: Any, node: Json, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    node = _resolved(node, value)
    if isinstance(value, dict) and "properties" in node:
        for key, one in value.items():
            if key in node["properties"]:
                yield from _unknown_keys(one, node["properties"][key], (*path, key))
            elif key not in _TOLERATED:
                yield (*path, key), "UNKNOWN_KEY", f"Discord's description knows no field {key!r} here."
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _unknown_keys(one, node.get("items", {}), (*path, index))


def _resolved(node: Json, value: Any) -> Json:
    """The node that speaks of `value`: references followed, and of a union the branch with the same `type`."""
    while True:
        if "$ref" in node:
            node = _description()["components"]["schemas"][node["$ref"].removeprefix(_PREFIX)]
            continue
        branches = [one for key in ("oneOf", "anyOf") for one in node.get(key, ()) if "const" not in one]
        fitting = [found for one in branches if _fits(found := _resolved(one, value), value)]
        if not fitting:
            return node
        node = next((one for one in fitting if one.get("type") == _JSON_TYPES.get(type(value))), fitting[0])


def _fits(node: Json, value: Any) -> bool:
    if node.get("type") == "null":
        return False
    if isinstance(value, dict):
        kinds = node.get("properties", {}).get("type", {}).get("enum")
        return kinds is None or value.get("type") in kinds
    return True


__all__ = ["CALLBACKS", "checked", "normalise"]
