"""Checks request bodies against Discord's published description (`schema/`) and refuses in Discord's words.

Three steps: `_normalised` turns integer ids into strings and digit strings into integers where the description wants
the other (Discord takes both); the compiled validator reports what breaks the description; then unknown keys, which the
description lets pass, and fields that the local Discord does not support are reported.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from sandbox.server.errors import FieldError, invalid_form

_FILE = Path(__file__).parent / "schema" / "discord-requests.json"
_PREFIX = "#/components/schemas/"
_URL_SCHEMES = ("http://", "https://", "attachment://", "discord://")
_MAX_DIGITS = 20

# Fields that the local Discord does not support: refused unless they are empty. (`tts` of an edit is not in the
# description; libraries send it as false.)
_UNSUPPORTED = {
    "ApplicationCommandUpdateRequest": {"handler", "id"},
    "CreatePrivateChannelRequest": {"access_tokens", "nicks"},
    "IncomingWebhookInteractionRequest": {"poll"},
    "IncomingWebhookRequestPartial": {"applied_tags", "avatar_url", "poll", "thread_name", "username"},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts"},
    "IncomingWebhookUpdateRequestPartial": {"poll", "tts"},
    "MessageAttachmentRequest": {"duration_secs", "is_remix", "title", "waveform"},
    "MessageCreateRequest": {"poll", "shared_client_theme", "sticker_ids"},
    "MessageEditRequestPartial": {"sticker_ids", "tts"},
}

# Fields that the description lacks and Discord accepts. Apart from `nsfw`, they repeat what Discord itself said of an
# embed or a file, and libraries send them back with it.
_MEDIA = {"content_type", "content_scan_version", "flags", "placeholder", "placeholder_version", "proxy_url"}
_ACCEPTED = {
    "ApplicationCommandUpdateRequest": {"nsfw"},
    "MessageAttachmentRequest": {"content_type", "height", "proxy_url", "size", "spoiler", "url", "width"},
    "RichEmbed": {"flags"},
    "RichEmbedAuthor": {"proxy_icon_url"},
    "RichEmbedFooter": {"proxy_icon_url"},
    "RichEmbedImage": _MEDIA,
    "RichEmbedThumbnail": _MEDIA,
    "RichEmbedVideo": _MEDIA,
    "UnfurledMediaRequest": _MEDIA,
    "UnfurledMediaRequestWithAttachmentReferenceRequired": _MEDIA,
}

CALLBACKS = {  # the schema of each type of answer to an interaction
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
FieldPath = tuple[str | int, ...]
formats = FormatChecker(formats=())


@formats.checks("uri")
def _is_url(value: object) -> bool:
    return not isinstance(value, str) or value.startswith(_URL_SCHEMES)


@formats.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


def validated(body: Any, schema: str, many: bool = False) -> Any:
    """The body as the schema of this name (or `many`: a list of it) describes it, with ids and numbers normalised.

    Raises:
        DiscordError: 50035 with an error for each field that is wrong, unknown or not supported.
    """
    node: Json = {"$ref": f"{_PREFIX}{schema}"}
    if many:
        node = {"items": node}
    body = _normalised(body, node)
    errors = [field for error in _validator(schema, many).iter_errors(body) for field in _field_errors(error)]
    errors = errors or list(_refused_keys(body, node, ()))
    if errors:
        raise invalid_form(errors)
    return body


@cache
def _schemas() -> Json:
    schemas: Json = json.loads(_FILE.read_text(encoding="utf-8"))["components"]["schemas"]
    return schemas


@cache
def _validator(schema: str, many: bool) -> Draft202012Validator:
    one: Json = {"$ref": f"{_PREFIX}{schema}"}
    root = {"type": ["array", "null"], "items": one, "maxItems": 130} if many else one
    return Draft202012Validator({**root, "components": {"schemas": _schemas()}}, format_checker=formats)


def _normalised(value: Any, node: Json) -> Any:
    _, node = _resolved(node, value)
    if isinstance(value, dict):
        known = node.get("properties", {})
        return {key: _normalised(one, known.get(key, {})) for key, one in value.items()}
    if isinstance(value, list):
        return [_normalised(one, node.get("items", {})) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and node.get("format") == "snowflake":
        return str(value)
    types = node.get("type", ())
    wants_integer = "integer" in ([types] if isinstance(types, str) else types)
    if wants_integer and isinstance(value, str) and value.isdecimal() and len(value) <= _MAX_DIGITS:
        return int(value)
    return value


def _refused_keys(value: Any, node: Json, path: FieldPath) -> Iterator[FieldError]:
    name, node = _resolved(node, value)
    if isinstance(value, dict) and "properties" in node:
        for key, one in value.items():
            if key in _UNSUPPORTED.get(name, ()):
                if one:
                    yield (*path, key), "UNSUPPORTED_FIELD", f"The local Discord does not support {key!r} here."
            elif key in node["properties"]:
                yield from _refused_keys(one, node["properties"][key], (*path, key))
            elif key not in _ACCEPTED.get(name, ()):
                yield (*path, key), "UNKNOWN_KEY", f"Discord's description has no field {key!r} here."
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _refused_keys(one, node.get("items", {}), (*path, index))


def _resolved(node: Json, value: Any) -> tuple[str, Json]:
    """The schema that describes `value`, with its name: references followed, of a union the branch of its `type`."""
    name = ""
    while True:
        if "$ref" in node:
            name = node["$ref"].removeprefix(_PREFIX)
            node = _schemas()[name]
            continue
        branches = [one for key in ("oneOf", "anyOf") for one in node.get(key, ()) if "const" not in one]
        fitting = [(ref, found) for ref, found in (_resolved(one, value) for one in branches) if _fits(found, value)]
        if not fitting:
            return name, node
        wanted = _JSON_TYPES.get(type(value))
        typed = [one for one in fitting if one[1].get("type") == wanted] or fitting
        return max(typed, key=lambda one: _exact_types(one[1], value))  # the first of those that fit alike


def _exact_types(node: Json, value: Any) -> int:
    """How many values within `value` have just the type that `node` describes: a choice '12' is a text, no number."""
    _, node = _resolved(node, value)
    if isinstance(value, dict):
        known = node.get("properties", {})
        return sum(_exact_types(known[key], one) for key, one in value.items() if key in known)
    if isinstance(value, list):
        return sum(_exact_types(node.get("items", {}), one) for one in value)
    return int(node.get("type") == _JSON_TYPES.get(type(value)))


def _fits(node: Json, value: Any) -> bool:
    if node.get("type") == "null":
        return False
    if isinstance(value, dict):
        kinds = node.get("properties", {}).get("type", {}).get("enum")
        return kinds is None or value.get("type") in kinds
    return True


# --- the validator's errors in Discord's words -----------------------------------------------------------------------

_TYPE_ERRORS = {
    "object": ("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"),
    "array": ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"),
    "boolean": ("BOOLEAN_TYPE_CONVERT", "Must be either true or false."),
    "integer": ("NUMBER_TYPE_COERCE", "Value is not int."),
    "number": ("NUMBER_TYPE_COERCE", "Value is not float."),
    "string": ("STRING_TYPE_CONVERT", "Could not interpret value as string."),
}


def _field_errors(error: ValidationError) -> Iterator[FieldError]:
    """The field errors of one validation error; of a union only those of the branch that was meant."""
    if error.context:
        for inner in _meant_branch(error):
            yield from _field_errors(inner)
        return
    path = tuple(error.absolute_path)
    if error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield (*path, key), "BASE_TYPE_REQUIRED", "This field is required"
        return
    yield path, *_code_and_sentence(error)


def _meant_branch(error: ValidationError) -> list[ValidationError]:
    """Of a union the errors of the branch whose `type` fits; of several such the one with the fewest errors."""
    branches: dict[object, list[ValidationError]] = defaultdict(list)
    for inner in error.context or ():
        branches[inner.schema_path[0]].append(inner)
    depth = len(error.absolute_path)

    def is_about_type(one: ValidationError) -> bool:
        return list(one.absolute_path)[depth:] == ["type"]

    def misfit(branch: list[ValidationError]) -> tuple[bool, bool, int]:
        is_null = any(one.validator == "type" and one.validator_value == "null" for one in branch)
        return is_null, any(map(is_about_type, branch)), len(branch)

    best = min(branches.values(), key=misfit)
    return [one for one in best if is_about_type(one)][:1] or best


def _code_and_sentence(error: ValidationError) -> tuple[str, str]:
    rule, limit = error.validator, error.validator_value
    if rule == "type":
        wanted = [limit] if isinstance(limit, str) else [one for one in limit if one != "null"]
        return _TYPE_ERRORS.get(wanted[0], ("BASE_TYPE_CONVERT", f"Value is not {wanted[0]}."))
    if rule in ("enum", "const"):
        values = limit if isinstance(limit, list) else [limit]
        return "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(map(str, values))}}}."
    if rule == "maxLength":
        return "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."
    if rule in ("minLength", "minItems", "maxItems"):
        unit = "Length" if rule == "minLength" else "Items"
        low, high = error.schema.get(f"min{unit}"), error.schema.get(f"max{unit}")
        return "BASE_TYPE_BAD_LENGTH", f"Must be between {low or 0} and {high} in length."
    if rule in ("minimum", "maximum"):
        more = "greater" if rule == "minimum" else "less"
        return f"NUMBER_TYPE_{str(rule)[:3].upper()}", f"Value should be {more} than or equal to {limit}."
    if rule == "pattern":
        return "NUMBER_TYPE_COERCE", f'Value "{error.instance}" is not snowflake.'
    if rule == "format":
        if limit == "uri":
            return "URL_TYPE_INVALID_URL", "Not a well formed URL."
        return "DATE_TIME_TYPE_PARSE", "Could not parse value. Should be ISO8601."
    if rule == "uniqueItems":
        return "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value"
    return "BASE_TYPE_INVALID", error.message
