"""A form (Discord calls it a modal) that was filled in at the page, as the bot gets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.control_values import control_answer
from sandbox.errors import RefusedError
from sandbox.resolved import Resolved

Json = dict[str, Any]

ROW, TEXT_DISPLAY, LABEL = 1, 10, 18


def form_answers(components: list[Json], given: Any, resolved: Resolved) -> list[Json]:
    """The components of a submitted form, of the values given by `custom_id`.

    Raises:
        RefusedError: a value is missing, unknown, or not what its control takes.
    """
    if not isinstance(given, Mapping):
        raise RefusedError("The form could not be read: its values are not named.")
    left = dict(given)
    answers = [_answer(one, left, resolved) for one in components]
    if left:
        raise RefusedError(f"This form has no field “{next(iter(left))}”.")
    return answers


def _answer(component: Json, left: Json, resolved: Resolved) -> Json:
    kind, head = component["type"], {"type": component["type"], "id": component["id"]}
    if kind == TEXT_DISPLAY:
        return head
    if kind == LABEL:
        return {**head, "component": _control(component["component"], component["label"], left, resolved)}
    inner = [_control(one, one.get("label") or "This field", left, resolved) for one in component["components"]]
    return {**head, "components": inner}


def _control(control: Json, label: str, left: Json, resolved: Resolved) -> Json:
    given = left.pop(control["custom_id"], None)
    head = {"type": control["type"], "id": control["id"], "custom_id": control["custom_id"]}
    return {**head, **control_answer(control, given, resolved, f"“{label}”")}
