"""The whole system as processes: a MIDI seed goes in through Discord's protocol, and a piece comes back.

Nothing is faked: Valkey, the worker with the shipped model, the bot and the local Discord run as a person would start
them, and a guest composes over the wire. Each of the three files is then opened and measured.
"""

from __future__ import annotations

import io
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import miniaudio
import numpy as np
import pretty_midi
import psutil
import pytest
from PIL import Image

from model.midi import read_midi
from model.pictures.canvas import BLACK_ROW, WHITE_ROW
from model.pictures.roll_layout import Layout, note_boxes

ROOT = Path(__file__).resolve().parents[1]
SEED = ROOT / "sandbox" / "seeds" / "prelude_in_c.mid"
LENGTH_S = 15.0
MARK = "CADENZA_TEST_MARK"
TAIL_S = (0.0, 3.0)  # how much longer than its last note the audio may be: the sound's release


def compose_once(folder: Path, seed: Path, mark: str = "") -> tuple[int, dict, str]:
    """Run `python -m sandbox --once`; its exit code, what it printed, and what it said on stderr.

    What it starts has `mark` in its environment.
    """
    command = [sys.executable, "-m", "sandbox", "--once", "--seed", str(seed), "--out", str(folder), "--json"]
    done = subprocess.run(
        [*command, "--length", str(LENGTH_S)],
        cwd=ROOT,
        env={**os.environ, MARK: mark},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def processes_with(mark: str) -> list[list[str]]:
    """The command lines of running processes that carry `mark`; other systems on this machine do not count."""
    running = psutil.process_iter(["cmdline", "environ"])
    return [one.info["cmdline"] for one in running if (one.info["environ"] or {}).get(MARK) == mark]


@pytest.fixture(scope="module")
def reply(tmp_path_factory) -> dict[str, Path]:
    """The files of one composition from the bundled seed, by suffix."""
    folder = tmp_path_factory.mktemp("reply")
    code, printed, said = compose_once(folder, SEED)
    assert code == 0, said
    assert printed["compose_s"] > 0
    paths = [Path(file["path"]) for file in printed["files"]]
    assert all(path.parent == folder and path.stat().st_size > 0 for path in paths)
    return {path.suffix: path for path in paths}


def test_the_reply_holds_a_midi_file_an_mp3_and_a_picture(reply):
    assert set(reply) == {".mid", ".mp3", ".png"}


def test_the_midi_file_is_music_that_begins_with_the_seed(reply):
    piece = pretty_midi.PrettyMIDI(str(reply[".mid"]))
    notes = sorted((note for part in piece.instruments for note in part.notes), key=lambda note: note.start)
    seed = pretty_midi.PrettyMIDI(str(SEED))
    given = sorted((note for part in seed.instruments for note in part.notes), key=lambda note: note.start)
    assert [note.pitch for note in notes[: len(given)]] == [note.pitch for note in given]
    # What follows is new music of the length asked for, and not one note for ever.
    composed = notes[len(given) :]
    assert len(composed) > LENGTH_S
    assert len({note.pitch for note in composed}) >= 8
    assert len({note.velocity for note in composed}) >= 4
    assert len({round(note.end - note.start, 2) for note in composed}) >= 8
    assert given[-1].start + 0.6 * LENGTH_S < notes[-1].start < given[-1].start + LENGTH_S


def test_the_audio_is_the_piece_neither_silent_nor_clipped(reply):
    sound = miniaudio.mp3_read_file_f32(str(reply[".mp3"]))
    samples = np.frombuffer(sound.samples, dtype=np.float32).reshape(-1, sound.nchannels)
    end_s = pretty_midi.PrettyMIDI(str(reply[".mid"])).get_end_time()
    assert TAIL_S[0] <= len(samples) / sound.sample_rate - end_s <= TAIL_S[1]
    assert 0.3 < np.abs(samples).max() < 1.0
    # Something sounds in every stretch of four seconds.
    stretch = 4 * sound.sample_rate
    loudness = [
        np.sqrt(np.mean(samples[at : at + stretch] ** 2)) for at in range(0, int(end_s) * sound.sample_rate, stretch)
    ]
    assert min(loudness) > 1e-3


def test_the_picture_is_a_picture_of_those_notes(reply):
    pixels = np.asarray(Image.open(io.BytesIO(reply[".png"].read_bytes())).convert("RGB"))
    piece = read_midi(reply[".mid"].read_bytes()).piece
    boxes = note_boxes(piece, Layout.of(piece, 0.0))
    middles = pixels[(boxes[:, 1] + boxes[:, 3]) // 2, (boxes[:, 0] + boxes[:, 2]) // 2].astype(int)
    ground = np.array([WHITE_ROW, BLACK_ROW], dtype=int)
    away = np.abs(middles[:, None] - ground).sum(axis=2).min(axis=1)
    assert (away > 60).mean() > 0.98


def test_a_file_that_is_no_midi_is_refused_with_a_sentence_and_nothing_stays_behind(tmp_path):
    mark = secrets.token_hex(8)
    song = tmp_path / "song.mid"
    song.write_bytes(b"ID3\x04" + bytes(300))
    code, printed, said = compose_once(tmp_path / "reply", song, mark)
    assert code == 1
    assert "MIDI" in printed["refused"]
    assert printed["refused"] in said
    assert not list(tmp_path.glob("reply/*"))
    assert processes_with(mark) == []
