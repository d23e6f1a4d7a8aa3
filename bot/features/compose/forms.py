"""The forms under a piece: *Edit* with its options, *Key and tempo* with two rows, and the command to copy.

Buttons open them. What is typed is checked as the options of a command are.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.context import Interaction, OpenForms
from bot.errors import BadOption, Contradiction, OutOfRange, answer
from bot.features.compose import cards, requests
from bot.features.compose.options import BY_NAME, OPTIONS, ComposeOption
from bot.limits import SELECT_TEXT, cut
from bot.message import MessageParts
from bot.wording import as_typed, clock, file_words, plural
from jobs.contract import (
    MAX_SEMITONES,
    MAX_TEMPO_PERCENT,
    MIN_TEMPO_PERCENT,
    ComposeRequest,
    ComposeResult,
    JobId,
)

LIMIT_S = 900.0  # an open form is forgotten after this
LONGEST_MORE = 1000  # characters of the last row
ROWS = tuple(option for option in OPTIONS if option.in_form)
MORE = tuple(option for option in OPTIONS if not option.in_form and option.name not in ("seed", "private"))
_LINE = re.compile(r"\s*([A-Za-z_ ]+?)\s*[:=]\s*(.*\S)\s*")
_SEMITONES = re.compile(r"\s*([+-]?)\s*(\d{1,3})\s*")
_TEMPO = re.compile(r"\s*(\d{1,4}(?:\.\d+)?)\s*(%|percent|bpm)?\s*")


class PieceForm(discord.ui.Modal):
    """A form under the piece of a job; a mistake in it is answered to whoever sent it."""

    def __init__(self, open_forms: OpenForms, name: str, title: str, job_id: JobId) -> None:
        super().__init__(title=title, timeout=LIMIT_S, custom_id=open_forms.new_id(name))
        self._open_forms = open_forms
        self._job_id = job_id

    async def on_timeout(self) -> None:
        """Forget the form; whoever sends it after all is told to open it again."""
        self._open_forms.close(self.custom_id)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]
        """Hand every error to `bot.errors`."""
        await answer(interaction, error)


class EditForm(PieceForm):
    """The options of a piece with their present values; sent, it asks for another piece."""

    def __init__(self, open_forms: OpenForms, job_id: JobId, request: ComposeRequest) -> None:
        super().__init__(open_forms, "edit", "Edit and compose again", job_id)
        self._rows: dict[str, discord.ui.TextInput[Any] | discord.ui.Select[Any]] = {}
        for option in ROWS:
            self._rows[option.name] = _row(option, option.shown(request))
            label = option.name.replace("_", " ").capitalize()
            self.add_item(discord.ui.Label(text=label, description=option.help, component=self._rows[option.name]))
        lines = [f"{option.name}: {shown}" for option in MORE if (shown := option.shown(request))]
        self._more: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="more",
            style=discord.TextStyle.paragraph,
            required=False,
            max_length=LONGEST_MORE,
            default=cut("\n".join(lines), LONGEST_MORE),
            placeholder=cut(", ".join(option.name for option in MORE), SELECT_TEXT),
        )
        self.add_item(
            discord.ui.Label(
                text="More options", description="One a line, such as tempo: 96 or bars: 16.", component=self._more
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Ask for the piece as a command with these options would."""
        given: dict[str, Any] = {}
        for name, row in self._rows.items():
            typed = row.values[0] if isinstance(row, discord.ui.Select) and row.values else getattr(row, "value", "")
            if typed and typed.strip():
                given[name] = BY_NAME[name].parsed(typed)
        await requests.edit(interaction, self._job_id, given | parsed_lines(self._more.value or ""))


def _row(option: ComposeOption, present: str) -> discord.ui.TextInput[Any] | discord.ui.Select[Any]:
    if not option.choices:
        return discord.ui.TextInput(custom_id=option.name, required=False, default=present or None, max_length=300)
    offered = [
        discord.SelectOption(label=shown, value=str(sent), default=present in (shown, str(sent)))
        for shown, sent in option.choices
    ]
    return discord.ui.Select(custom_id=option.name, required=False, options=offered)


def parsed_lines(text: str) -> dict[str, Any]:
    """The options in lines such as 'tempo: 96', by name.

    Raises:
        BadOption: a line is not of that form, names no option, or its value can't be one.
    """
    given = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadOption(f"I can't read {as_typed(line.strip())}. Write one option a line, such as `tempo: 96`.")
        name = found[1].casefold().replace(" ", "_")
        if name not in BY_NAME or name in ("seed", "private"):
            names = ", ".join(f"`{option.name}`" for option in (*ROWS, *MORE))
            raise BadOption(f"{as_typed(found[1])} isn't an option. You can use {names}.")
        given[name] = BY_NAME[name].parsed(found[2])
    return given


class RecastForm(PieceForm):
    """Semitones and tempo; sent, it asks for the same notes in another key or tempo."""

    def __init__(self, open_forms: OpenForms, job_id: JobId, result: ComposeResult) -> None:
        super().__init__(open_forms, "recast", "Key and tempo", job_id)
        self._present_bpm = result.facts.tempo_bpm
        self._semitones: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="semitones", required=False, max_length=10, placeholder="Such as 2 (up) or -3 (down)"
        )
        present = f"Now {self._present_bpm:g} bpm. " if self._present_bpm else ""
        example = "96 bpm or 80 %" if self._present_bpm else "80 %"
        self._tempo: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="tempo", required=False, max_length=20, placeholder=f"Such as {example}"
        )
        self.add_item(
            discord.ui.Label(text="Semitones", description="The notes stay the same.", component=self._semitones)
        )
        self.add_item(discord.ui.Label(text="Tempo", description=f"{present}Such as {example}.", component=self._tempo))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Ask for the piece in another key or tempo."""
        semitones = semitones_of(self._semitones.value or "")
        percent = percent_of(self._tempo.value or "", self._present_bpm)
        if not semitones and percent == 100:
            raise Contradiction("Nothing would change. Give semitones, a tempo, or both.")
        await requests.recast(interaction, self._job_id, semitones, percent)


def semitones_of(text: str) -> int:
    """The semitones in '+2' or '-3'; 0 for nothing.

    Raises:
        BadOption: it is no whole number.
        OutOfRange: more than two octaves.
    """
    if not text.strip():
        return 0
    found = _SEMITONES.fullmatch(text.replace("−", "-"))
    if found is None:
        raise BadOption("`semitones` must be a whole number, such as 2 or -3.")
    semitones = int(found[2]) * (-1 if found[1] == "-" else 1)
    if abs(semitones) > MAX_SEMITONES:
        raise OutOfRange("semitones", -MAX_SEMITONES, MAX_SEMITONES)
    return semitones


def percent_of(text: str, present_bpm: float | None) -> float:
    """A tempo such as '96', '96 bpm' or '80 %' in percent of the present one; 100 for nothing.

    Raises:
        BadOption: it is no tempo, or in beats for a piece without a beat.
        OutOfRange: less than a quarter or more than four times the present tempo.
    """
    if not text.strip():
        return 100.0
    found = _TEMPO.fullmatch(text.casefold())
    if found is None:
        raise BadOption("`tempo` must be a number, such as 96 bpm or 80 %.")
    value = float(found[1])
    if found[2] in (None, "bpm"):
        if present_bpm is None:
            raise BadOption("This piece plays in free time. Give the tempo in percent, such as 80 %.")
        value = value / present_bpm * 100
    if not MIN_TEMPO_PERCENT <= value <= MAX_TEMPO_PERCENT:
        lowest, highest, unit = MIN_TEMPO_PERCENT, MAX_TEMPO_PERCENT, "%"
        if found[2] in (None, "bpm") and present_bpm is not None:
            lowest, highest, unit = lowest * present_bpm / 100, highest * present_bpm / 100, "bpm"
        raise OutOfRange("tempo", lowest, highest, unit)
    return round(value, 6)


def copied_command(request: ComposeRequest, result: ComposeResult | None) -> MessageParts:
    """The command that gives the same piece again, in a text to copy, and the figures that the card leaves out."""
    pinned = request if result is None else request.model_copy(update={"model": result.model})
    given = [f"{option.name}:{shown}" for option in OPTIONS if (shown := option.shown(pinned))]
    command = " ".join(["/compose", *given]).replace("`", "'")
    lines = [f"```\n{command}\n```"]
    lines += [f"Attach {file_words(request.seed.name)} as `seed`."] if request.seed is not None else []
    return MessageParts(content="\n".join([*lines, *_figures(result)]))


def _figures(result: ComposeResult | None) -> list[str]:
    if result is None:
        return []
    words = f"{plural(result.notes, 'note')} in {clock(result.duration_s)}, by {result.model} {result.model_version}."
    original = [cards.originality_words(result.originality)] if result.originality is not None else []
    return [words, *original]


async def open_edit(interaction: Interaction, job_id: JobId) -> None:
    """Open *Edit* for whoever presses it.

    Raises:
        PieceGone: the options are no longer kept.
    """
    piece = await requests.piece_of(interaction, job_id)
    await interaction.response.send_modal(EditForm(interaction.client.forms, job_id, piece.request))


async def open_recast(interaction: Interaction, job_id: JobId) -> None:
    """Open *Key and tempo* for whoever presses it.

    Raises:
        PieceGone: the piece is no longer kept.
    """
    piece = await requests.piece_of(interaction, job_id)
    await interaction.response.send_modal(RecastForm(interaction.client.forms, job_id, piece.finished))
