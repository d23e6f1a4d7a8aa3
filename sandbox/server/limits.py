"""Discord's limits that its description leaves out: of messages, of forms (modals) and of application commands.

Each check takes a body that has passed its schema, and raises `50035 Invalid Form Body` with nested errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sandbox.server.errors import FieldError, invalid_form
from sandbox.server.messages import (
    COMPONENTS_V2,
    GROUP,
    MESSAGE_COMMAND,
    SLASH,
    SUBCOMMAND,
    SUPPRESS_EMBEDS,
    SUPPRESS_NOTIFICATIONS,
)

Json = dict[str, Any]
FieldPath = tuple[str | int, ...]

MAX_CONTENT = 2000
MAX_EMBED_CHARACTERS = 6000
MAX_ROWS = 5
MAX_FORM_PARTS = 5
MAX_TEXT = 4000
MAX_COMMAND_CHARACTERS = 8000
MAX_COMMANDS = {SLASH: 100, MESSAGE_COMMAND: 15}
SETTABLE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2

# types of components
ROW, BUTTON, STRING_SELECT, TEXT_INPUT, LABEL, RADIO_GROUP, CHECKBOX_GROUP = 1, 2, 3, 4, 18, 21, 22
SELECTS = (STRING_SELECT, 5, 6, 7, 8)
_LINK, _PREMIUM = 5, 6  # styles of buttons
_COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


def _raise_any(errors: Iterable[FieldError]) -> None:
    if found := list(errors):
        raise invalid_form(found)


# --- messages --------------------------------------------------------------------------------------------------------


def check_message(payload: Json, already: int = 0, settable: int = SETTABLE_FLAGS, path: FieldPath = ()) -> None:
    """Check a message. `already` are the flags that it has, `settable` those that the body may set besides them.

    `path` is where the message lies in the request.

    Raises:
        DiscordError: 50035 for whatever is over a limit.
    """
    errors = [*_flag_errors(payload, already | settable), *_message_errors(payload, already)]
    _raise_any(((*path, *place), code, sentence) for place, code, sentence in errors)


def check_flags(payload: Json, settable: int, path: FieldPath = ()) -> None:
    """Check the flags of a body that lies at `path` of the request.

    Raises:
        DiscordError: 50035 for flags that are unknown or cannot be set here.
    """
    _raise_any(((*path, *place), code, sentence) for place, code, sentence in _flag_errors(payload, settable))


def _flag_errors(payload: Json, allowed: int) -> Iterator[FieldError]:
    refused = (payload.get("flags") or 0) & ~allowed
    if refused:
        bits = ", ".join(f"1 << {bit}" for bit in range(refused.bit_length()) if refused >> bit & 1)
        yield ("flags",), "UNSUPPORTED_FLAGS", f"The local Discord does not support these flags here: {bits}."


def _message_errors(payload: Json, already: int) -> Iterator[FieldError]:
    v2 = bool((already | (payload.get("flags") or 0)) & COMPONENTS_V2)
    if len(payload.get("content") or "") > MAX_CONTENT:
        yield ("content",), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_CONTENT} or fewer in length."
    if sum(map(_embed_characters, payload.get("embeds") or ())) > MAX_EMBED_CHARACTERS:
        yield ("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_EMBED_CHARACTERS}"
    for key in ("content", "embeds"):
        if v2 and payload.get(key):
            sentence = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            yield (key,), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", sentence
    yield from _component_errors(payload.get("components") or [], v2)


def _embed_characters(embed: Json) -> int:
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    for field in embed.get("fields") or ():
        texts += [field["name"], field["value"]]
    return sum(len(text or "") for text in texts)


def _component_errors(components: list[Json], v2: bool) -> Iterator[FieldError]:
    if not v2 and len(components) > MAX_ROWS:
        yield ("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_ROWS} in length."
    seen: set[str] = set()
    for index, component in enumerate(components):
        if component["type"] != ROW and not v2:
            sentence = f'Value of field "type" must be one of ({ROW},).'
            yield ("components", index, "type"), "UNION_TYPE_CHOICES", sentence
        controls = component.get("components") or () if component["type"] == ROW else ()
        if len(controls) > 1 and any(one["type"] in SELECTS for one in controls):
            sentence = "A row holds up to five buttons, or one select menu"
            yield ("components", index), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", sentence
        for place, control in enumerate(controls):
            yield from _control_errors(control, seen, ("components", index, "components", place))


def _control_errors(control: Json, seen: set[str], path: FieldPath) -> Iterator[FieldError]:
    custom_id = control.get("custom_id")
    if custom_id is not None:
        yield from _custom_id_errors(custom_id, seen, path)
    if control["type"] in SELECTS:
        yield from _choice_errors(control, path)
    if control["type"] != BUTTON or control["style"] == _PREMIUM:
        return
    is_link = control["style"] == _LINK
    if is_link != bool(control.get("url")):
        sentence = "A link button needs a url, and only a link button has one"
        yield (*path, "url"), "BUTTON_COMPONENT_INVALID_URL", sentence
    if is_link == bool(custom_id):
        sentence = "A custom id is required, and only a link button has none"
        yield (*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", sentence
    if not control.get("label") and not control.get("emoji"):
        yield (*path, "label"), "BUTTON_COMPONENT_INVALID_LABEL", "A button needs a label or an emoji"


def _custom_id_errors(custom_id: str, seen: set[str], path: FieldPath) -> Iterator[FieldError]:
    if custom_id in seen:
        sentence = "Component custom id cannot be duplicated"
        yield (*path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", sentence
    seen.add(custom_id)


def _choice_errors(control: Json, path: FieldPath) -> Iterator[FieldError]:
    """The errors of a select menu, and of a group of radio buttons or checkboxes, which has options like one."""
    low = 1 if control.get("min_values") is None else control["min_values"]
    high = control.get("max_values") or (len(control["options"]) if control["type"] == CHECKBOX_GROUP else 1)
    if low > high:
        yield (*path, "min_values"), "SELECT_COMPONENT_MIN_GREATER_THAN_MAX", "Min values is greater than max values"
    if control["type"] not in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        if len(control.get("default_values") or ()) > high:
            yield (*path, "default_values"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than can be chosen"
        return
    options = control["options"]
    if high > len(options):
        sentence = f"Must be less than or equal to the number of options ({len(options)})"
        yield (*path, "max_values"), "SELECT_COMPONENT_MAX_VALUES_INVALID", sentence
    values = [option["value"] for option in options]
    for index, value in enumerate(values):
        if value in values[:index]:
            place = (*path, "options", index, "value")
            yield place, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used"
    if sum(bool(option.get("default")) for option in options) > high:
        yield (*path, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULTS", "More defaults than can be chosen"


# --- forms -----------------------------------------------------------------------------------------------------------


def check_form(form: Json) -> None:
    """Check a form.

    Raises:
        DiscordError: 50035 for whatever is over a limit.
    """
    _raise_any(_form_errors(form["components"]))


def _form_errors(components: list[Json]) -> Iterator[FieldError]:
    if len(components) > MAX_FORM_PARTS:
        yield ("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_FORM_PARTS} in length."
    seen: set[str] = set()
    for index, part in enumerate(components):
        path = ("components", index)
        if part["type"] == LABEL:
            yield from _field_errors(part["component"], seen, (*path, "component"), labelled=True)
        elif part["type"] == ROW:
            if len(part["components"]) != 1:
                yield (*path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 1 in length."
            for place, control in enumerate(part["components"]):
                yield from _field_errors(control, seen, (*path, "components", place), labelled=False)


def _field_errors(control: Json, seen: set[str], path: FieldPath, labelled: bool) -> Iterator[FieldError]:
    yield from _custom_id_errors(control["custom_id"], seen, path)
    if control["type"] == TEXT_INPUT:
        yield from _text_input_errors(control, path, labelled)
    elif control["type"] in (*SELECTS, RADIO_GROUP, CHECKBOX_GROUP):
        yield from _choice_errors(control, path)
        if control.get("disabled"):
            yield (*path, "disabled"), "COMPONENT_DISABLED_INVALID", "A form has no disabled components"


def _text_input_errors(control: Json, path: FieldPath, labelled: bool) -> Iterator[FieldError]:
    if labelled and control.get("label"):
        yield (*path, "label"), "TEXT_INPUT_LABEL_INVALID", "A text input within a label has no label of its own"
    if not labelled and not control.get("label"):
        yield (*path, "label"), "BASE_TYPE_REQUIRED", "This field is required"
    low, high = control.get("min_length") or 0, control.get("max_length") or MAX_TEXT
    if low > high:
        yield (*path, "min_length"), "TEXT_INPUT_LENGTH_INVALID", "Min length must not be greater than max length"
    if len(control.get("value") or "") > high:
        yield (*path, "value"), "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length."


# --- commands --------------------------------------------------------------------------------------------------------


def check_commands(commands: Sequence[Json]) -> None:
    """Check application commands. Commands on users are refused, because the page cannot offer them.

    Raises:
        DiscordError: 50035 for whatever is over a limit.
    """
    _raise_any(_command_errors(commands))


def _command_errors(commands: Sequence[Json]) -> Iterator[FieldError]:
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(commands):
        kind = command.get("type") or SLASH
        if kind not in MAX_COMMANDS:
            yield (index, "type"), "BASE_TYPE_CHOICES", f"Value must be one of {set(MAX_COMMANDS)}."
        if (kind, command["name"]) in seen:
            yield (index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
        seen.add((kind, command["name"]))
        yield from (_slash_errors if kind == SLASH else _context_menu_errors)(command, (index,))
    for kind, most in MAX_COMMANDS.items():
        if sum((command.get("type") or SLASH) == kind for command in commands) > most:
            sentence = f"Maximum number of application commands reached ({most})."
            yield (), "APPLICATION_COMMAND_TOO_MANY", sentence


def _context_menu_errors(command: Json, path: FieldPath) -> Iterator[FieldError]:
    if command.get("description"):
        yield (*path, "description"), "BASE_TYPE_BAD_LENGTH", "Context menu commands have no description"
    if command.get("options"):
        yield (*path, "options"), "APPLICATION_COMMAND_OPTIONS_INVALID", "Context menu commands have no options"


def _slash_errors(command: Json, path: FieldPath) -> Iterator[FieldError]:
    if _command_characters(command) > MAX_COMMAND_CHARACTERS:
        sentence = f"Command exceeds maximum size ({MAX_COMMAND_CHARACTERS})"
        yield path, "APPLICATION_COMMAND_TOO_LARGE", sentence
    yield from _errors_below(command, path, (SUBCOMMAND, GROUP))


def _command_characters(part: Json) -> int:
    """What Discord counts: names, descriptions and choices' values, of a command and of everything within it."""
    own = sum(len(str(part.get(key) or "")) for key in ("name", "description", "value"))
    return own + sum(_command_characters(one) for key in ("options", "choices") for one in part.get(key) or ())


def _errors_below(command: Json, path: FieldPath, may_hold: tuple[int, ...]) -> Iterator[FieldError]:
    """The errors of a command, a group or a subcommand. `may_hold`: which of the latter two fit into it."""
    yield from _name_errors(command["name"], path)
    if not command.get("description"):
        yield (*path, "description"), "BASE_TYPE_REQUIRED", "This field is required"
    options = command.get("options") or ()
    if len({option["type"] in (SUBCOMMAND, GROUP) for option in options}) > 1:
        sentence = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        yield (*path, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence
    if command.get("type") == GROUP and not options:
        yield (*path, "options"), "BASE_TYPE_REQUIRED", "This field is required"
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        place = (*path, "options", index)
        if option["name"] in names:
            yield (*place, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option names must be unique"
        names.add(option["name"])
        if option["type"] in (SUBCOMMAND, GROUP):
            yield from _nested_errors(option, place, may_hold)
            continue
        yield from _option_errors(option, place)
        if option.get("required") and optional_seen:
            sentence = "Required options must be placed before non-required options"
            yield place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", sentence
        optional_seen = optional_seen or not option.get("required")


def _nested_errors(option: Json, path: FieldPath, may_hold: tuple[int, ...]) -> Iterator[FieldError]:
    if option["type"] not in may_hold:
        sentence = "Sub-commands and groups cannot be nested any deeper"
        yield (*path, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", sentence
    yield from _errors_below(option, path, (SUBCOMMAND,) if option["type"] == GROUP else ())


def _option_errors(option: Json, path: FieldPath) -> Iterator[FieldError]:
    yield from _name_errors(option["name"], path)
    if option.get("choices") and option.get("autocomplete"):
        sentence = "Autocomplete cannot be used together with choices"
        yield path, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES_INVALID", sentence


def _name_errors(name: str, path: FieldPath) -> Iterator[FieldError]:
    if not _COMMAND_NAME.fullmatch(name) or name != name.lower():
        yield (*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"
