"""From what a member typed to a request that keeps to the contract, or a sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from jobs.contract import ComposeRequest, Contract, Controls, DataSetAction, LibraryRequest, ModelAction, TrainRequest
from jobs.errors import InvalidRequest
from jobs.nightly import Nightly

C = TypeVar("C", bound=Contract)


def validated(kind: type[C], fields: Mapping[str, Any]) -> C:
    """The request, or part of one, that `fields` make.

    Raises:
        InvalidRequest: one of them is longer, larger or other than the contract allows.
    """
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidRequest(_sentence(error)) from error


def invalid_request(error: ValidationError) -> InvalidRequest | None:
    """What to tell the member whose words made `error`; None where it is no request that was not valid."""
    return InvalidRequest(_sentence(error)) if error.title in _REQUESTS else None


def _sentence(error: ValidationError) -> str:
    """What is wrong with the first field that is, for a member."""
    first = error.errors()[0]
    names = [part for part in first["loc"] if isinstance(part, str) and part not in _TAGS and not part.startswith("_")]
    name = _WORDS.get(names[-1], names[-1].replace("_", " ")) if names else "request"
    limits = first.get("ctx", {})
    the = f"One of the {name}" if first["loc"] and isinstance(first["loc"][-1], int) else f"The {name}"
    match first["type"]:
        case "string_too_long":
            return f"{the} is too long: at most {limits['max_length']} characters."
        case "string_too_short":
            return f"{the} is empty."
        case "too_long":
            return f"Too many {name}: at most {limits['max_length']}."
        case "too_short":
            return f"Too few {name}: at least {limits['min_length']}."
        case "greater_than_equal":
            return f"{the} must be at least {limits['ge']:g}."
        case "greater_than":
            return f"{the} must be more than {limits['gt']:g}."
        case "less_than_equal":
            return f"{the} must be at most {limits['le']:g}."
        case "value_error":
            said = str(limits.get("error", first["msg"])).rstrip(".")
            return f"{said[:1].upper()}{said[1:]}."
        case _:
            return f"{the} can’t be used like this. Check how it is written and try again."


_TAGS = ("compose", "library", "train")
_WORDS = {"tempo_bpm": "tempo", "length_s": "length in seconds", "bars": "length in bars", "note": "licence note"}
_REQUESTS = {
    one.__name__
    for one in (
        ComposeRequest,
        Controls,
        LibraryRequest,
        TrainRequest,
        Nightly,
        *get_args(DataSetAction),
        *get_args(ModelAction),
    )
}
