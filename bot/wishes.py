"""The options of `/compose`: checks each one, and turns them into the fields of a request.

The bot knows nothing about music: the available models say which keys, meters, styles and instruments there are. An
option that only another model follows is let through: the piece then comes with a remark that says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.errors import BadOption, Contradiction, NotKnown, OutOfRange
from bot.wording import as_typed, safe
from jobs import contract
from jobs.contract import KeyName, Mode, ModelInfo
from jobs.errors import NoWorker, UnknownModel

_KEY: TypeAdapter[str] = TypeAdapter(KeyName)


@dataclass(frozen=True)
class Limit:
    """Between which values an option lies, both included, and which field of a request it fills."""

    field: str
    low: float
    high: float
    unit: str = ""


LIMITS: Mapping[str, Limit] = {
    "length": Limit("length_s", contract.MIN_LENGTH_S, contract.MAX_LENGTH_S, "seconds"),
    "bars": Limit("bars", contract.MIN_BARS, contract.MAX_BARS),
    "tempo": Limit("tempo_bpm", contract.MIN_TEMPO_BPM, contract.MAX_TEMPO_BPM, "bpm"),
    "density": Limit("density", 1, len(contract.DENSITY_WORDS)),
    "strength": Limit("strength", 0, 1),
    "temperature": Limit("temperature", contract.MIN_TEMPERATURE, contract.MAX_TEMPERATURE),
    "top_k": Limit("top_k", 1, contract.MAX_TOP_K),
    "top_p": Limit("top_p", contract.MIN_TOP_P, 1),
    "min_p": Limit("min_p", 0, contract.MAX_MIN_P),
    "random_seed": Limit("random_seed", 0, contract.MAX_RANDOM_SEED),
}
FREE_TIME = "The chosen model has no bars. Give `length` in seconds, or pick a model with a beat: `/models` shows them."
LISTED = {"style": "styles", "key": "keys", "meter": "meters", "instruments": "instruments"}  # option: where it is told


def fields_of(given: Mapping[str, Any], models: Sequence[ModelInfo], has_seed: bool) -> dict[str, Any]:
    """The fields of a request for the options that are `given`; those that are None stay out of it.

    Args:
        given: value by name of the option.
        models: what can compose now.
        has_seed: whether a file is attached.

    Raises:
        OutOfRange: what Discord's client should have checked already; not every client does.
        Contradiction: two options that do not go together, or one that lacks what it needs.
        NotKnown: no model (or not the one that is named) knows the style, key, meter or instrument.
        UnknownModel: there is no such model.
        NoWorker: there is none at all.
    """
    given = check_alone(given, has_seed)
    asked = _asked_models(given.get("model"), models)
    if has_seed:
        _check_mode(given, asked)
    if "bars" in given and not any(model.has_beat for model in asked):
        raise Contradiction(FREE_TIME)
    fields = {LIMITS[name].field if name in LIMITS else name: value for name, value in given.items()}
    return fields | {name: _known(name, str(given[name]), asked) for name in LISTED if name in given}


def check_alone(given: Mapping[str, Any], has_seed: bool) -> dict[str, Any]:
    """Check what can be checked without knowing the models; the options that are given.

    Raises:
        OutOfRange, Contradiction: see `fields_of`.
    """
    given = {name: value for name, value in given.items() if value is not None}
    _check_ranges(given)
    _check_together(given, has_seed)
    return given


def _check_ranges(given: Mapping[str, Any]) -> None:
    for name, limit in LIMITS.items():
        if name in given and not limit.low <= given[name] <= limit.high:
            raise OutOfRange(name, limit.low, limit.high, limit.unit)


def _check_together(given: Mapping[str, Any], has_seed: bool) -> None:
    mode = given.get("mode", Mode.CONTINUE)
    if "length" in given and "bars" in given:
        raise Contradiction("Give either `length` in seconds or `bars`, not both.")
    if mode != Mode.CONTINUE and not has_seed:
        raise Contradiction(f"There is nothing to {mode}. Attach a MIDI file as `seed`, or leave `mode` out.")
    if "strength" in given and mode != Mode.VARY:
        raise Contradiction("`strength` only works with `mode: vary`: it is how closely a variation follows its seed.")


def _asked_models(name: str | None, models: Sequence[ModelInfo]) -> Sequence[ModelInfo]:
    """The model that is named, or all of them where none is."""
    if not models:
        raise NoWorker
    if name is None:
        return models
    found = [model for model in models if model.name == name]
    if not found:
        raise UnknownModel(safe(name[:50]), [model.name for model in models])
    return found


def _check_mode(given: Mapping[str, Any], asked: Sequence[ModelInfo]) -> None:
    mode = given.get("mode", Mode.CONTINUE)
    if not any(mode in model.modes for model in asked):
        can = sorted({known for model in asked for known in model.modes})
        raise NotKnown("mode", as_typed(mode), can)


def known_values(option: str, models: Sequence[ModelInfo]) -> list[str]:
    """What `models` know for one of `LISTED`, each once, in their order."""
    return list(dict.fromkeys(value for model in models for value in getattr(model, LISTED[option])))


def split_instruments(text: str) -> list[str]:
    """The names in 'piano, bass and drums'."""
    parts = [part.strip() for part in re.split(r",|;|\+|&|\band\b", text)]
    return list(dict.fromkeys(part for part in parts if part))


def _known(option: str, text: str, models: Sequence[ModelInfo]) -> str | tuple[str, ...] | None:
    """What was typed for `option`, as the models spell it; what none of them lists is theirs to remark on."""
    known = known_values(option, models)
    if option != "instruments":
        return _one(option, text, known)
    names = split_instruments(text)
    if len(names) > contract.MAX_INSTRUMENTS:
        raise BadOption(f"`instruments`: choose {contract.MAX_INSTRUMENTS} at most.")
    if not names:
        raise BadOption("`instruments` is empty. Type some, such as `piano, bass`, or leave it out.")
    return tuple(_one(option, name, known) for name in names)


def _one(option: str, text: str, known: Sequence[str]) -> str:
    wanted = " ".join(text.split())
    for value in known:
        if value.casefold() == wanted.casefold():
            return value
    if (option == "key" and known and _is_a_key(wanted)) or (not known and _could_be(option, wanted)):
        return wanted
    if option == "key":
        raise BadOption(f"{as_typed(text)} isn't a key I know. Try C major or F# minor.")
    raise NotKnown(option, as_typed(text), known)


def _is_a_key(text: str) -> bool:
    """Whether a worker will understand it as a key: 'Em', 'Bb', 'f# minor'."""
    try:
        _KEY.validate_python(text)
    except ValidationError:
        return False
    return True


def _could_be(option: str, text: str) -> bool:
    """Whether a request can carry `text` although no model lists any value."""
    try:
        contract.Controls.model_validate({option: (text,) if option == "instruments" else text})
    except ValidationError:
        return False
    return True
