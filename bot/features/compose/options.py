"""The options of `/compose`, each declared once: the command, its help, its checks and its autocomplete derive from it.

The bot knows nothing about music: the available models say which keys, meters, styles and instruments there are. An
option that only another model follows is let through: the piece then comes with a remark that says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import discord
from discord import app_commands
from pydantic import TypeAdapter, ValidationError

from bot.errors import BadOption, Contradiction, NotKnown, OutOfRange
from bot.wording import as_typed, safe
from jobs import contract
from jobs.contract import KeyName, Mode, ModelInfo
from jobs.errors import NoWorker, UnknownModel

_KEY: TypeAdapter[str] = TypeAdapter(KeyName)
LONGEST_TEXT = 300  # characters of a text option

Group = Literal["seed", "sound", "creativity", "result"]


@dataclass(frozen=True)
class ComposeOption:
    """One option. Adding one takes a line in `OPTIONS` and, where it is new to the workers, a field of the contract.

    Args:
        name: as members see it.
        kind: of its value.
        help: what Discord shows beside it.
        group: where `/help` names it.
        low, high: range of a number, both included; `unit` is said where a value lies outside.
        choices: (shown, sent) where Discord offers a fixed list.
        known: the field of `ModelInfo` that lists the values; Discord suggests these as a member types.
        field: of the request; the name where it is the same. '' for an option that fills none by itself.
    """

    name: str
    kind: type
    help: str
    group: Group
    low: float | None = None
    high: float | None = None
    unit: str = ""
    choices: tuple[tuple[str, Any], ...] = ()
    known: str | None = None
    field: str | None = None

    @property
    def annotation(self) -> Any:
        """The type as discord.py wants it, with the range that Discord's client keeps to."""
        if self.low is not None and not self.choices:
            return app_commands.Range[self.kind, self.kind(self.low), self.kind(self.high)]
        if self.kind is str and self.known is not None:
            return app_commands.Range[str, 1, LONGEST_TEXT]
        return self.kind


MODES = (
    ("continue: more from where it ends", Mode.CONTINUE.value),
    ("vary: the same rhythm, other notes", Mode.VARY.value),
    ("accompany: new parts around its notes", Mode.ACCOMPANY.value),
)
DENSITIES = tuple((word, level) for level, word in enumerate(contract.DENSITY_WORDS, start=1))
OPTIONS: tuple[ComposeOption, ...] = (
    ComposeOption(
        "seed", discord.Attachment, "A MIDI file (.mid) to continue, vary or accompany. Default: a new piece.", "seed",
        field="",
    ),
    ComposeOption("mode", str, "What to do with the seed. Default: continue.", "seed", choices=MODES),
    ComposeOption(
        "length", float,
        f"Seconds of new music, {contract.MIN_LENGTH_S:.0f} to {contract.MAX_LENGTH_S:.0f}. Default: 30.", "sound",
        contract.MIN_LENGTH_S, contract.MAX_LENGTH_S, "seconds", field="length_s",
    ),
    ComposeOption("style", str, "What it should sound like.", "sound", known="styles"),
    ComposeOption("key", str, "Such as C major or F# minor.", "sound", known="keys"),
    ComposeOption(
        "tempo", float, "Beats per minute, for models with a beat.", "sound",
        contract.MIN_TEMPO_BPM, contract.MAX_TEMPO_BPM, "bpm", field="tempo_bpm",
    ),
    ComposeOption(
        "instruments", str,
        "Such as: piano, flute, strings. For models with several instruments. Default: typical of the style.", "sound",
        known="instruments",
    ),
    ComposeOption(
        "bars", int, "Bars of new music instead of seconds, for models with a beat.", "sound",
        contract.MIN_BARS, contract.MAX_BARS,
    ),
    ComposeOption("meter", str, "Such as 4/4 or 3/4, for models with a beat.", "sound", known="meters"),
    ComposeOption(
        "density", int, "How many notes, from sparse to dense.", "sound", 1, len(contract.DENSITY_WORDS),
        choices=DENSITIES,
    ),
    ComposeOption("model", str, "Which model composes; see /models. Default: the one that fits best.", "sound"),
    ComposeOption(
        "temperature", float, "How adventurous: 0.1 plays safe, 1 is balanced, 2 is wild.", "creativity",
        contract.MIN_TEMPERATURE, contract.MAX_TEMPERATURE,
    ),
    ComposeOption(
        "strength", float, "How closely a variation follows its seed: 0 is free, 1 the same notes.", "creativity", 0, 1
    ),
    ComposeOption(
        "top_k", int, "Choose each note only from this many likeliest ones.", "creativity", 1, contract.MAX_TOP_K
    ),
    ComposeOption(
        "top_p", float, "Choose only from the likeliest notes that make up this share, such as 0.95.", "creativity",
        contract.MIN_TOP_P, 1,
    ),
    ComposeOption(
        "min_p", float, "Choose only notes at least this share as likely as the likeliest, such as 0.05.",
        "creativity", 0, contract.MAX_MIN_P,
    ),
    ComposeOption(
        "random_seed", int, "A number: the same number with the same options gives the same piece.", "creativity",
        0, contract.MAX_RANDOM_SEED,
    ),
    ComposeOption(
        "include_seed", bool, "Put your seed at the start of the result. Default: yes, except in a variation.", "result"
    ),
    ComposeOption("private", bool, "Only you see the result. Default: no.", "result"),
)  # fmt: skip
KNOWN = {option.name: option.known for option in OPTIONS if option.known is not None}
FREE_TIME = "The chosen model has no bars. Give `length` in seconds, or pick a model with a beat: `/models` shows them."


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
    fields = {_field(option): given[option.name] for option in OPTIONS if option.name in given and _field(option)}
    return fields | {name: _known(name, str(given[name]), asked) for name in KNOWN if name in given}


def _field(option: ComposeOption) -> str:
    return option.name if option.field is None else option.field


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
    for option in OPTIONS:
        if option.low is None or option.high is None or option.name not in given:
            continue
        if not option.low <= given[option.name] <= option.high:
            raise OutOfRange(option.name, option.low, option.high, option.unit)


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
    """What `models` know for one of `KNOWN`, each once, in their order."""
    return list(dict.fromkeys(value for model in models for value in getattr(model, KNOWN[option])))


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
