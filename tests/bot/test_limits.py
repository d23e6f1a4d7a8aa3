"""Whatever is sent fits Discord: texts, embeds, views and choices; and what strangers wrote does no harm."""

from __future__ import annotations

import ast
from pathlib import Path

import discord
import pytest

from bot import limits
from bot.features.models.command import models_card
from bot.message import MessageParts
from bot.wording import duration_words, harmless, percent, plural, safe, tenths
from jobs.contract import ModelInfo

BOT = Path(__file__).parents[2] / "bot"
SENDERS = {"send_message", "edit_original_response", "edit_message", "followup", "send_modal"}
MAY_SEND = {"replies.py", "reply.py", "tracker.py"}


@pytest.mark.parametrize(
    "card",
    [
        discord.Embed(title="t" * 300, description="d" * 5000),
        discord.Embed(title="t", description="d" * 4096).add_field(name="n" * 300, value="v" * 2000),
        discord.Embed(description="``` " + "x" * 5000 + "```"),
        discord.Embed(description="\\*" * 3000),
        discord.Embed().add_field(name="", value=" "),
    ],
)
def test_an_embed_is_cut_to_what_discord_takes(card: discord.Embed) -> None:
    before = card.to_dict()
    fitted = limits.fit_embed(card)
    assert_fits(fitted)
    assert card.to_dict() == before
    assert (fitted.description or "").count("```") % 2 == 0


def test_many_long_fields_share_what_room_there_is() -> None:
    card = discord.Embed(title="all")
    for number in range(40):
        card.add_field(name=f"{number}", value="v" * 1024)
    fitted = limits.fit_embed(card)
    assert_fits(fitted)
    assert len(fitted.fields) == 25
    assert min(len(field.value) for field in fitted.fields) > 200


def assert_fits(card: discord.Embed) -> None:
    assert len(card) <= 6000
    assert len(card.title or "") <= 256
    assert len(card.description or "") <= 4096
    assert len(card.fields) <= 25
    assert all(0 < len(field.name) <= 256 and 0 < len(field.value) <= 1024 for field in card.fields)


def test_text_buttons_and_choices_are_cut_too() -> None:
    def view() -> discord.ui.View:
        made = discord.ui.View()
        made.add_item(discord.ui.Button(label="b" * 81, custom_id="fine"))
        made.add_item(discord.ui.Button(label="b", custom_id="x" * 101))
        return made

    parts = MessageParts(content="c" * 2001, buttons=view)
    assert len(parts.text() or "") == 2000

    async def sent() -> discord.ui.View | None:
        return parts.view()

    found = limits.choices([("n" * 101, "kept"), ("name", "v" * 101), ("", "empty"), ("again", "kept")])
    assert [(len(one.name), one.value) for one in found] == [(100, "kept")]
    assert len(limits.choices((f"{number}", f"{number}") for number in range(30))) == 25
    assert limits.file_name("x" * 300 + ".mid").endswith("x.mid")
    assert len(limits.file_name("x" * 300 + ".mid")) == 200


async def test_a_button_that_discord_would_refuse_is_left_out() -> None:
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label="b" * 81, custom_id="fine"))
    view.add_item(discord.ui.Button(label="b", custom_id="x" * 101))
    fitted = limits.fit_view(view)
    assert fitted is not None
    assert [len(button.label) for button in fitted.children] == [80]


def test_everything_is_sent_through_the_one_place_that_knows_the_limits() -> None:
    """No other module calls discord.py's ways to send; forms are built with `limits.select_options`."""
    found = []
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in SENDERS - {"send_modal"} and path.name not in MAY_SEND:
                found.append(f"{path.name}: {node.attr}")
    assert found == ["client.py: followup"]  # handed to the tracker


@pytest.mark.parametrize("count", [0, 1, 5, 14, 60])
def test_any_number_of_models_is_shown_in_pages(count: int) -> None:
    models = [ModelInfo(name=f"m{n}", version="1", title="T" * 200, description="d" * 3000) for n in range(count)]
    seen: list[str] = []
    for page in range(1, 31):
        card = models_card(models, page)
        assert_fits(limits.fit_embed(card))
        seen += [field.name.split()[0] for field in card.fields if field.name.split()[0] not in seen]
    assert seen == [model.name for model in models]


@pytest.mark.parametrize(
    "text",
    [
        "[free nitro](https://evil.example)",
        "https://evil.example",
        "HTTPS://evil.example and http://x.y",
        "<https://evil.example>",
        "discord.gg/abc",
        "# Heading\n> quote\n- list\n||spoiler|| **bold** `code`",
        "@everyone <@1> <#2> <@&3> <t:1:R> <:x:1> </compose:1>",
    ],
)
def test_what_strangers_wrote_is_shown_as_it_is(text: str) -> None:
    for shown in (safe(text), harmless(text)):
        assert "://" not in shown.replace("\\://", "")
        assert "](" not in shown
        assert "discord.gg" not in shown
        assert "@everyone" not in shown
        assert "<@" not in shown.replace("\\<", "")
    assert "**" not in safe(text)
    assert not safe(text).startswith("#")


def test_cards_of_imported_models_have_no_live_link() -> None:
    evil = "[click](https://evil.example) **bold**"
    card = models_card(
        [ModelInfo(name="m", version=evil[:60], title=evil, description=evil, licence=evil, styles=(evil,))]
    )
    words = str(card.to_dict())
    assert "](" not in words
    assert "https:/" not in words


def test_figures_and_plurals_read_as_one_would_say_them() -> None:
    assert [percent(share) for share in (0, 0.0004, 0.004, 0.03, 0.999, 1)] == [
        "0 %", "less than 0.1 %", "0.4 %", "3 %", "99 %", "100 %",
    ]  # fmt: skip
    assert [tenths(share) for share in (0, 0.0004, 0.5)] == ["0.0 %", "less than 0.1 %", "50.0 %"]
    assert [duration_words(seconds) for seconds in (5, 60, 7500)] == ["less than a minute", "1 minute", "2 h 05 min"]
    assert (plural(1, "piece"), plural(1200, "piece")) == ("1 piece", "1,200 pieces")
