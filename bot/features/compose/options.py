"""The options of `/compose`, declared once: commands, checks, autocomplete, forms and `/help` derive from `OPTIONS`.

The bot knows nothing about music: the available models say which keys, meters, styles and instruments there are. An
option that only another model follows is let through: the piece then comes with a remark that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import discord
from discord import app_commands
from pydantic import TypeAdapter, ValidationError

from bot.context import Interaction
from bot.errors import BadOption, Contradiction, NotKnown, OutOfRange
from bot.features.autocomplete import Choices, choices, fitting, live_models, models_in_time
from bot.wording import as_typed, either, safe
from jobs import contract
from jobs.contract import ComposeRequest, Creativity, KeyName, Mode, ModelInfo
from jobs.errors import NoWorker, UnknownModel

_KEY: TypeAdapter[str] = TypeAdapter(KeyName)
LONGEST_TEXT = 300  # characters of a text option

Command = Literal["compose", "continue", "vary", "accompany"]
EVERY: tuple[Command, ...] = ("compose", "continue", "vary", "accompany")
Group = Literal["seed", "sound", "creativity", "result", "experts"]
GROUPS: Mapping[Group, str] = {
    "seed": "Your own MIDI file",
    "sound": "Sound",
    "creativity": "Creativity",
    "result": "Result",
    "experts": "For experts",
}
Suggest: TypeAlias = "Callable[[Interaction, str], Coroutine[Any, Any, Choices]]"


async def _suggest_styles(interaction: Interaction, typed: str) -> Choices:
    """The styles that the chosen model knows, else those that any model does."""
    return choices(fitting(typed, known_values("style", await _asked_or_all(interaction))))


async def _suggest_keys(interaction: Interaction, typed: str) -> Choices:
    """The keys, likewise; musicians write E minor as 'Em', so that comes before E major."""
    there = known_values("key", await _asked_or_all(interaction))
    if typed.strip().endswith("m"):
        there = sorted(there, key=lambda name: not name.endswith("minor"))
    return choices(fitting(typed, there))


async def _suggest_meters(interaction: Interaction, typed: str) -> Choices:
    """The meters, likewise."""
    return choices(fitting(typed, known_values("meter", await _asked_or_all(interaction))))


async def _suggest_instruments(interaction: Interaction, typed: str) -> Choices:
    """Instruments one after another: what stands before the last comma stays, the rest is completed."""
    before, _, last = typed.rpartition(",")
    chosen = split_instruments(before)
    there = known_values("instruments", await _asked_or_all(interaction))
    left = [name for name in there if name not in chosen]
    return choices([", ".join([*chosen, name]) for name in fitting(last.strip(), left)])


async def _asked_or_all(interaction: Interaction) -> list[ModelInfo]:
    models = await models_in_time(interaction)
    name = getattr(interaction.namespace, "model", None)
    return [model for model in models if model.name == name] or models


@dataclass(frozen=True)
class ComposeOption:
    """One option. Adding one takes an entry in `OPTIONS` and, where it is new to the workers, a field of the contract.

    Args:
        name: as members see it.
        kind: of its value.
        help: what Discord and `/help` show beside it.
        group: where `/help` names it.
        low, high: range of a number, both included; `unit` is said where a value lies outside.
        choices: (shown, sent) where Discord offers a fixed list.
        known: the field of `ModelInfo` that lists the values.
        suggest: completes what a member types.
        field: of the request; the name where it is the same. '' for an option that fills none by itself.
        commands: those that have it.
        in_form: whether *Edit* has a row for it; the others are lines of the last row.
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
    suggest: Suggest | None = None
    field: str | None = None
    commands: tuple[Command, ...] = EVERY
    in_form: bool = False

    @property
    def annotation(self) -> Any:
        """The type as discord.py wants it, with the range that Discord's client enforces."""
        if self.low is not None and not self.choices:
            return app_commands.Range[self.kind, self.kind(self.low), self.kind(self.high)]
        if self.kind is str and self.known is not None:
            return app_commands.Range[str, 1, LONGEST_TEXT]
        return self.kind

    @property
    def request_field(self) -> str:
        """The field of the request that it fills; '' for none."""
        return self.name if self.field is None else self.field

    def shown(self, request: ComposeRequest) -> str:
        """Its value in `request` as a member would type it; '' where that is the default, which need not be typed."""
        value = getattr(request, self.request_field) if self.request_field else None
        if self.name == "include_seed":
            default: Any = request.mode is not Mode.VARY
        else:
            default = ComposeRequest.model_fields[self.request_field].default if self.request_field else None
        return "" if value in (None, ()) or value == default else self.words(value)

    def words(self, value: Any) -> str:
        """A value of it, as a member would type it."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, tuple):
            return ", ".join(value)
        named = next((name for name, sent in self.choices if sent == value and self.kind is not str), None)
        return named or (f"{value:.10g}" if isinstance(value, (int, float)) else str(value))

    def parsed(self, text: str) -> Any:
        """The value that `text`, typed into a form, means.

        Raises:
            BadOption: it means none.
        """
        text = text.strip()
        if self.choices:
            for name, sent in self.choices:
                if text.casefold() in (name.casefold(), name.partition(":")[0].casefold(), str(sent).casefold()):
                    return sent
            words = either([name.partition(":")[0] for name, _ in self.choices])
            raise BadOption(f"`{self.name}` can't be {as_typed(text)}. Choose {words}.")
        if self.kind is bool:
            if text.casefold() not in BOOLEANS:
                raise BadOption(f"`{self.name}` must be yes or no.")
            return BOOLEANS[text.casefold()]
        if self.kind is str:
            return text
        number = _NUMBER.match(text)
        value = float(number[0]) if number else None
        if value is None or (self.kind is int and not value.is_integer()):
            raise BadOption(f"`{self.name}` must be a {'whole ' if self.kind is int else ''}number.")
        return self.kind(value)


BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
MODES = (
    ("continue: more from where it ends", Mode.CONTINUE.value),
    ("vary: the same rhythm, other notes", Mode.VARY.value),
    ("accompany: new parts around its notes", Mode.ACCOMPANY.value),
)
CREATIVITY = (
    ("calm: stays close to what is usual", Creativity.CALM.value),
    ("balanced", Creativity.BALANCED.value),
    ("wild: more surprises", Creativity.WILD.value),
)
DENSITIES = tuple((word, level) for level, word in enumerate(contract.DENSITY_WORDS, start=1))
OPTIONS: tuple[ComposeOption, ...] = (
    ComposeOption(
        "seed", discord.Attachment, "A MIDI file to continue, vary or accompany. Default: a new piece.", "seed",
        field="",
    ),
    ComposeOption(
        "mode", str, "What to do with the seed. Default: continue.", "seed", choices=MODES, commands=("compose",)
    ),
    ComposeOption(
        "style", str, "Such as waltz or pop.", "sound", known="styles", suggest=_suggest_styles, in_form=True
    ),
    ComposeOption(
        "key", str, "Such as C major or F# minor.", "sound", known="keys", suggest=_suggest_keys, in_form=True
    ),
    ComposeOption(
        "instruments", str, "Such as: piano, flute, strings. Default: typical of the style.", "sound",
        known="instruments", suggest=_suggest_instruments, in_form=True,
    ),
    ComposeOption(
        "creativity", str, "Calm, balanced or wild. Default: balanced.", "creativity", choices=CREATIVITY, in_form=True
    ),
    ComposeOption(
        "length", float,
        f"Seconds of new music, {contract.MIN_LENGTH_S:.0f} to {contract.MAX_LENGTH_S:.0f}. Default: 30.", "sound",
        contract.MIN_LENGTH_S, contract.MAX_LENGTH_S, "seconds", field="length_s",
    ),
    ComposeOption(
        "bars", int, "Length in bars instead of seconds, for models with a beat.", "sound",
        contract.MIN_BARS, contract.MAX_BARS,
    ),
    ComposeOption(
        "tempo", float, "Beats per minute, for models with a beat.", "sound",
        contract.MIN_TEMPO_BPM, contract.MAX_TEMPO_BPM, "bpm", field="tempo_bpm",
    ),
    ComposeOption(
        "meter", str, "Such as 4/4 or 3/4, for models with a beat.", "sound", known="meters", suggest=_suggest_meters
    ),
    ComposeOption(
        "density", int, "How many notes, from sparse to dense.", "sound", 1, len(contract.DENSITY_WORDS),
        choices=DENSITIES,
    ),
    ComposeOption(
        "strength", float, "How closely a variation follows its seed: 0 is free, 1 keeps its notes.", "creativity",
        0, 1, commands=("compose", "vary"),
    ),
    ComposeOption(
        "include_seed", bool, "Start the result with your seed. Default: yes, except in a variation.", "result"
    ),
    ComposeOption(
        "count", int, f"How many pieces to choose from, up to {contract.MAX_COUNT}. Default: 1.", "result",
        1, contract.MAX_COUNT,
    ),
    ComposeOption("private", bool, "Only you see the result. Default: no.", "result"),
    ComposeOption(
        "model", str, "Who composes; see /models. Default: the one that fits best.", "experts", suggest=live_models
    ),
    ComposeOption(
        "random_seed", int, "A number: with the same options, it gives the same piece again.", "experts",
        0, contract.MAX_RANDOM_SEED,
    ),
    ComposeOption(
        "temperature", float, "Instead of creativity: below 1 is safer, above 1 wilder.", "experts",
        contract.MIN_TEMPERATURE, contract.MAX_TEMPERATURE,
    ),
    ComposeOption("top_k", int, "Choose each note from this many of the likeliest.", "experts", 1, contract.MAX_TOP_K),
    ComposeOption(
        "top_p", float, "Choose from the likeliest notes that make up this share, such as 0.95.", "experts",
        contract.MIN_TOP_P, 1,
    ),
    ComposeOption(
        "min_p", float, "Leave out notes below this share of the likeliest one, such as 0.05.", "experts",
        0, contract.MAX_MIN_P,
    ),
)  # fmt: skip
BY_NAME = {option.name: option for option in OPTIONS}
BY_FIELD = {option.request_field: option for option in OPTIONS if option.request_field}
EXPERT_SAMPLING = ("temperature", "top_k", "top_p", "min_p")


def options_of(command: Command) -> tuple[ComposeOption, ...]:
    """The options of one of the four commands, in their order."""
    return tuple(option for option in OPTIONS if command in option.commands)


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
    fields = {option.request_field: given[option.name] for option in OPTIONS if option.name in given}
    fields.pop("", None)
    return fields | {name: _known(name, str(given[name]), asked) for name in KNOWN if name in given}


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
        raise Contradiction("`strength` only works with `mode: vary`. It is how closely a variation follows its seed.")
    clashing = ", ".join(f"`{name}`" for name in EXPERT_SAMPLING if name in given)
    if "creativity" in given and clashing:
        raise Contradiction(f"Give `creativity` or the expert options ({clashing}), not both.")


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
