"""Cuts Discord's OpenAPI description down to the request bodies of the routes that the local Discord serves.

    python -m sandbox.server.trim_schema path/to/openapi.json

reads the published description (https://github.com/discord/discord-api-spec, MIT) and writes
`schema/discord-requests.json`: the schemas named here and everything they refer to, unchanged.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent / "schema" / "discord-requests.json"
PREFIX = "#/components/schemas/"
WANTED = (
    "ApplicationCommandAutocompleteCallbackRequest",
    "ApplicationCommandUpdateRequest",
    "CreateMessageInteractionCallbackRequest",
    "CreatePrivateChannelRequest",
    "IncomingWebhookRequestPartial",
    "IncomingWebhookUpdateRequestPartial",
    "MessageCreateRequest",
    "MessageEditRequestPartial",
    "ModalInteractionCallbackRequest",
    "PongInteractionCallbackRequest",
    "UpdateMessageInteractionCallbackRequest",
)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].removeprefix(PREFIX)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def trimmed(description: dict[str, Any]) -> dict[str, Any]:
    """The description with only the schemas of `WANTED` and those they refer to."""
    schemas = description["components"]["schemas"]
    kept: dict[str, Any] = {}
    open_names = list(WANTED)
    while open_names:
        name = open_names.pop()
        if name not in kept:
            kept[name] = schemas[name]
            open_names.extend(_references(schemas[name]))
    head: dict[str, Any] = {key: description[key] for key in ("openapi", "info", "externalDocs") if key in description}
    return {**head, "components": {"schemas": dict(sorted(kept.items()))}}


def main() -> None:
    """Read the description named on the command line and write the trimmed copy."""
    description = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    TARGET.write_text(json.dumps(trimmed(description), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
