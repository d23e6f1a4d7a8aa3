"""Discord's limits of commands, menus and forms that its schema leaves out: what breaks one is refused by its code."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server.errors import DiscordError
from sandbox.server.limits import check_commands, check_form, check_message

Json = dict[str, Any]

OPTION: Json = {"type": 3, "name": "x", "description": "x"}
SUBCOMMAND: Json = {"type": 1, "name": "add", "description": "x", "options": [OPTION]}
GROUP: Json = {"type": 2, "name": "nightly", "description": "x", "options": [SUBCOMMAND]}
CHOICE: Json = {"label": "a", "value": "a"}
OTHER: Json = {"label": "b", "value": "b"}
SELECT: Json = {"type": 3, "custom_id": "menu", "options": [CHOICE, OTHER]}
TEXT: Json = {"type": 4, "custom_id": "text", "style": 1}
BUTTON: Json = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}


def refusal(check: Any, what: Any) -> str:
    """The body of the error that `what` is refused with."""
    with pytest.raises(DiscordError) as refused:
        check(what)
    assert refused.value.kind.code == 50035
    return repr(refused.value.errors)


def command(*options: Json, **more: Any) -> Json:
    return {"name": "dataset", "description": "x", "options": list(options), **more}


def label(component: Json) -> Json:
    return {"type": 18, "label": "Name", "component": component}


def test_groups_subcommands_and_menus_are_accepted():
    check_commands([command(SUBCOMMAND, GROUP), {"type": 3, "name": "Add to data set"}, command(OPTION, name="x")])


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        ([command(SUBCOMMAND, OPTION)], "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        ([command({**GROUP, "options": [GROUP]})], "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        ([command({**SUBCOMMAND, "options": [SUBCOMMAND]})], "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"),
        ([command({**GROUP, "options": []})], "BASE_TYPE_REQUIRED"),
        ([command(SUBCOMMAND, SUBCOMMAND)], "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"),
        ([command({**SUBCOMMAND, "name": "Add"})], "APPLICATION_COMMAND_INVALID_NAME"),
        ([command({**SUBCOMMAND, "options": [OPTION, OPTION]})], "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"),
        (
            [command(*({**GROUP, "name": f"g{one}", "description": "x" * 500} for one in range(17)))],
            "COMMAND_TOO_LARGE",
        ),
        ([{"type": 3, "name": "Add", "options": [OPTION]}], "APPLICATION_COMMAND_OPTIONS_INVALID"),
        ([{"type": 3, "name": f"Add {one}"} for one in range(16)], "APPLICATION_COMMAND_TOO_MANY"),
        ([{"type": 2, "name": "Greet"}], "BASE_TYPE_CHOICES"),
        ([{"type": 3, "name": "Add"}] * 2, "APPLICATION_COMMANDS_DUPLICATE_NAME"),
    ],
)
def test_commands_over_a_limit_are_refused(commands, code):
    assert code in refusal(check_commands, commands)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"min_values": 2}, "SELECT_COMPONENT_MIN_GREATER_THAN_MAX"),
        ({"max_values": 3}, "SELECT_COMPONENT_MAX_VALUES_INVALID"),
        ({"options": [CHOICE, CHOICE]}, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED"),
        ({"options": [{**one, "default": True} for one in (CHOICE, OTHER)]}, "SELECT_COMPONENT_TOO_MANY_DEFAULTS"),
    ],
)
def test_menus_over_a_limit_are_refused_in_messages_and_forms(change, code):
    wrong = {**SELECT, **change}
    assert code in refusal(check_message, {"components": [{"type": 1, "components": [wrong]}]})
    assert code in refusal(check_form, {"components": [label(wrong)]})


def test_a_row_holds_one_menu_and_nothing_beside_it():
    check_message({"components": [{"type": 1, "components": [SELECT]}]})
    row = {"type": 1, "components": [BUTTON, SELECT]}
    assert "COMPONENT_LAYOUT_WIDTH_EXCEEDED" in refusal(check_message, {"components": [row]})


@pytest.mark.parametrize(
    ("components", "code"),
    [
        ([{"type": 10, "content": "x"}] * 6, "BASE_TYPE_BAD_LENGTH"),
        ([label(TEXT), label(TEXT)], "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ([label({**TEXT, "label": "x"})], "TEXT_INPUT_LABEL_INVALID"),
        ([label({**TEXT, "min_length": 5, "max_length": 4})], "TEXT_INPUT_LENGTH_INVALID"),
        ([label({**TEXT, "max_length": 4, "value": "abcde"})], "BASE_TYPE_MAX_LENGTH"),
        ([label({**SELECT, "disabled": True})], "COMPONENT_DISABLED_INVALID"),
        ([{"type": 1, "components": [TEXT]}], "BASE_TYPE_REQUIRED"),
        ([{"type": 1, "components": [{**TEXT, "label": "x"}] * 2}], "BASE_TYPE_BAD_LENGTH"),
    ],
)
def test_forms_over_a_limit_are_refused(components, code):
    assert code in refusal(check_form, {"components": components})
