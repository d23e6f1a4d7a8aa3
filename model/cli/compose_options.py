"""The options of `python -m model compose`: what the piece should be like, and which pictures of it to write."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from pydantic import ValidationError

from model.cli import write_file
from model.controls import Controls
from model.errors import RequestError
from model.generation import MODES, ComposeOptions
from model.generation.options import SamplingParameters
from model.piece import Piece


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Length, seed, controls and sampling parameters."""
    parser.add_argument("--random-seed", type=int, help="names the piece, from 0 on; drawn and printed if not given")
    length = parser.add_mutually_exclusive_group()
    length.add_argument(
        "--seconds", type=float, help="length of the new music, 5 to 300 (default: 30, or as long as what is varied)"
    )
    length.add_argument("--bars", type=int, help="the same in bars, for models that count them")
    _add_seed(parser.add_argument_group("a seed"))
    _add_controls(parser.add_argument_group("what the music is to be like"))
    _add_sampling(parser.add_argument_group("how the notes are drawn"))


def _add_seed(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--seed", type=Path, help="MIDI file to start from")
    group.add_argument(
        "--mode",
        choices=MODES,
        default="continue",
        help="continue: go on from its end. vary: keep its rhythm, lean towards its pitches. "
        "accompany: keep its notes, play around them (default: %(default)s)",
    )
    group.add_argument(
        "--strength",
        type=float,
        default=ComposeOptions.strength,
        help="how closely `vary` keeps to the pitches: 0 free, 1 the same (default: %(default)g)",
    )
    group.add_argument(
        "--no-seed", "--without-seed", action="store_true", dest="without_seed", help="leave the seed out of the file"
    )


def _add_controls(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--style", help="one the model was trained on")
    group.add_argument("--key", help="such as 'E minor', 'Bb major', F#m")
    group.add_argument("--tempo", type=float, help="quarter notes a minute, 20 to 400")
    group.add_argument("--meter", help="such as 3/4")
    group.add_argument("--density", type=int, help="1 sparse to 5 dense")
    group.add_argument("--instruments", help="families of General MIDI, or drums, with commas between them")


def _add_sampling(group: argparse._ArgumentGroup) -> None:
    usual = SamplingParameters()
    group.add_argument(
        "--temperature",
        action="append",
        default=[],
        metavar="T|FIELD=T",
        help="0.1 to 2; below 1 safer, above 1 wilder; for one field as pitch=0.9; may be given several times "
        f"(default: {usual.temperature:g})",
    )
    group.add_argument("--top-k", type=int, default=usual.top_k, help="keep the K likeliest choices (default: all)")
    group.add_argument("--top-p", type=float, help="keep the likeliest that reach this (default: what suits the model)")
    group.add_argument(
        "--min-p",
        type=float,
        default=usual.min_p,
        help="drop what is less likely than this share of the likeliest (default: %(default)g)",
    )
    group.add_argument("--no-guard", action="store_true", help="let loops of few notes go on for ever")


def options_of(arguments: argparse.Namespace) -> ComposeOptions:
    """What the command line asks for.

    Raises:
        RequestError: a control or a temperature is not understood.
    """
    asked: dict = {
        "style": arguments.style,
        "key": arguments.key,
        "tempo_bpm": arguments.tempo,
        "meter": arguments.meter,
    }
    asked |= {"density": arguments.density, "instruments": _listed(arguments.instruments)}
    temperatures = dict(_temperature(text) for text in arguments.temperature)
    sampling = SamplingParameters(
        temperature=temperatures.pop("", SamplingParameters.temperature),
        top_k=arguments.top_k,
        top_p=arguments.top_p,
        min_p=arguments.min_p,
        temperatures=temperatures,
    )
    return ComposeOptions(
        mode=arguments.mode,
        length_s=arguments.seconds,
        bars=arguments.bars,
        controls=_controls(asked),
        sampling=sampling,
        strength=arguments.strength,
        random_seed=arguments.random_seed if arguments.random_seed is not None else secrets.randbelow(2**32),
        include_seed=not arguments.without_seed,
        repetition_penalty=not arguments.no_guard,
    )


def _controls(asked: dict) -> Controls:
    try:
        return Controls(**asked)
    except ValidationError as error:
        wrong = (f"{str(one['loc'][0]).removesuffix('_bpm').capitalize()}: {one['msg']}." for one in error.errors())
        raise RequestError(" ".join(wrong)) from error


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip()) if names else ()


def _temperature(text: str) -> tuple[str, float]:
    """The field, or '' for all, and its temperature."""
    field, _, number = text.rpartition("=")
    try:
        return field.strip(), float(number)
    except ValueError as error:
        raise RequestError(
            f"'{text}' is no temperature: write a number, or a field and a number as pitch=0.9."
        ) from error


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that ask for pictures."""
    group = parser.add_argument_group("pictures of the piece")
    group.add_argument("--picture", type=Path, metavar="FILE.png", help="piano roll")
    group.add_argument("--sheet", type=Path, metavar="FILE.musicxml", help="sheet as MusicXML")
    group.add_argument("--sheet-png", type=Path, metavar="FILE.png", help="sheet as a picture")


def write_pictures(piece: Piece, arguments: argparse.Namespace, seed_s: float = 0.0, title: str = "") -> list[str]:
    """Write the requested pictures; returns a sentence on each file, and on what a sheet leaves out.

    Raises:
        RequestError: a file cannot be written, a library is not installed, or the piece has no notes.
    """
    said: list[str] = []
    if arguments.picture:
        from model.pictures.piano_roll import piano_roll

        if not len(piece):
            raise RequestError("A picture needs notes; this piece has none.")
        said.append(_written(arguments.picture, piano_roll(piece, seed_s, title), "The piano roll"))
    if arguments.sheet or arguments.sheet_png:
        from model.pictures.sheet import sheet

        made = sheet(piece, title)
        if arguments.sheet:
            said.append(_written(arguments.sheet, made.musicxml, "The sheet"))
        if arguments.sheet_png:
            from model.pictures.sheet import engraved

            said.append(_written(arguments.sheet_png, engraved(made.musicxml), "The sheet as a picture"))
        said += made.remarks
    return said


def _written(path: Path, data: bytes, what: str) -> str:
    write_file(path, data, what)
    return f"{path}: {what[0].lower()}{what[1:]}."
