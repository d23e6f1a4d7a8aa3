"""Puts a validator's complaints into Discord's words: a path, a code such as `BASE_TYPE_REQUIRED`, a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from jsonschema import ValidationError

from sandbox.discord.errors import FieldError

_CONVERT = {
    "object": ("DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType"),
    "array": ("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"),
    "boolean": ("BOOLEAN_TYPE_CONVERT", "Must be either true or false."),
    "integer": ("NUMBER_TYPE_COERCE", "Value is not int."),
    "number": ("NUMBER_TYPE_COERCE", "Value is not float."),
    "string": ("STRING_TYPE_CONVERT", "Could not interpret value as string."),
}


def explain(error: ValidationError) -> Iterator[FieldError]:
    """The field errors behind one complaint; of a union only the branch that was meant."""
    if error.context:
        for inner in _meant_branch(error):
            yield from explain(inner)
        return
    path = tuple(error.absolute_path)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            yield (*path, key), "BASE_TYPE_REQUIRED", "This field is required"
        return
    code, sentence = _in_words(error)
    yield path, code, sentence


def _meant_branch(error: ValidationError) -> list[ValidationError]:
    """Of a union's branches the one whose `type` fits, and of those the one with the fewest complaints."""
    branches: dict[object, list[ValidationError]] = defaultdict(list)
    for inner in error.context or ():
        branches[inner.schema_path[0]].append(inner)

    def misfit(branch: list[ValidationError]) -> tuple[bool, bool, int]:
        own = len(error.absolute_path)
        is_null = any(one.validator == "type" and one.validator_value == "null" for one in branch)
        wrong_kind = any(list(one.absolute_path)[own:] == ["type"] for one in branch)
        return is_null, wrong_kind, len(branch)

    best = min(branches.values(), key=misfit)
    kind_only = [one for one in best if list(one.absolute_path)[len(error.absolute_path) :] == ["type"]]
    return kind_only[:1] or best


def _in_words(error: ValidationError) -> tuple[str, str]:
    rule, limit = error.validator, error.validator_value
    if rule == "type":
        wanted = [limit] if isinstance(limit, str) else [one for one in limit if one != "null"]
        return _CONVERT.get(wanted[0], ("BASE_TYPE_CONVERT", f"Value is not {wanted[0]}."))
    if rule in ("enum", "const"):
        values = limit if isinstance(limit, list) else [limit]
        return "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(str(one) for one in values)}}}."
    if rule == "maxLength":
        return "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."
    if rule in ("minLength", "minItems", "maxItems"):
        low, high = (error.schema.get(key) for key in _bounds(str(rule)))
        return "BASE_TYPE_BAD_LENGTH", f"Must be between {low or 0} and {high} in length."
    if rule in ("minimum", "maximum"):
        more = "greater" if rule == "minimum" else "less"
        return f"NUMBER_TYPE_{rule[:3].upper()}", f"Value should be {more} than or equal to {limit}."
    if rule == "pattern":
        return "NUMBER_TYPE_COERCE", f'Value "{error.instance}" is not snowflake.'
    if rule == "format":
        return ("URL_TYPE_INVALID_URL", "Not a well formed URL.") if limit == "uri" else _WRONG_TIME
    if rule == "uniqueItems":
        return "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value"
    return "BASE_TYPE_INVALID", error.message


_WRONG_TIME = ("DATE_TIME_TYPE_PARSE", "Could not parse value. Should be ISO8601.")


def _bounds(rule: str) -> tuple[str, str]:
    return ("minLength", "maxLength") if rule.endswith("Length") else ("minItems", "maxItems")
