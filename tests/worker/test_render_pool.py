"""Real render processes: killed, stopped, fed with rubbish, asked by many at once. The worker never notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import miniaudio
import psutil
import pytest

from model.midi import write_midi
from model.piece import NOTE, Instrument, Piece, table
from worker.render import Rendering, RenderPool, RenderSettings

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0  # far above what a busy machine needs: only a hang reaches it


def midi(seconds: int = 3, instruments: int = 1) -> bytes:
    rows = [(100 * step, 90, 48 + step % 36, 70, step % instruments) for step in range(seconds * 10)]
    voices = tuple(Instrument(program=5 * number) for number in range(instruments))
    return write_midi(Piece(notes=table(NOTE, rows), instruments=voices))


@pytest.fixture(scope="module")
def pool():
    made = RenderPool(RenderSettings(audio_engine="tinysoundfont"))
    yield made
    made.close()


def is_whole(rendering: Rendering) -> bool:
    if set(rendering.files) != {"audio", "picture"}:
        return False
    audio, picture = rendering.files["audio"].data, rendering.files["picture"].data
    return miniaudio.decode(audio).num_frames > 0 and picture.startswith(b"\x89PNG")


def wait_until_gone(pids) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
        assert time.monotonic() < deadline, "a render process is left behind"
        time.sleep(0.02)


def test_a_piece_comes_back_as_audio_and_picture(pool):
    made = pool.render(midi(), 1.0, "A piece", PATIENCE_S)
    assert is_whole(made)
    assert made.remarks == ()
    assert set(made.timings) == {"render", "audio", "picture"}
    assert {name: (file.content_type, file.suffix) for name, file in made.files.items()} == {
        "audio": ("audio/mpeg", ".mp3"),
        "picture": ("image/png", ".png"),
    }


def test_sixteen_instruments_come_back_whole(pool):
    made = pool.render(midi(6, instruments=16), 2.0, "Band", PATIENCE_S)
    assert is_whole(made)
    assert made.remarks == ()


def test_many_threads_may_ask_at_once(pool):
    made: list[Rendering] = []
    threads = [threading.Thread(target=lambda: made.append(pool.render(midi(), 0, "", PATIENCE_S))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert all(is_whole(rendering) for rendering in made)


def test_rubbish_becomes_a_remark_and_the_process_lives_on(pool):
    before = pool.pids
    made = pool.render(b"this is no MIDI file", 0, "", PATIENCE_S)
    assert made.files == {}
    assert [remark.split(":")[0] for remark in made.remarks] == [
        "The audio could not be made",
        "The picture could not be made",
    ]
    assert pool.pids == before
    assert is_whole(pool.render(midi(), 0, "", PATIENCE_S))


def test_processes_killed_between_pieces_are_replaced(pool):
    before = pool.pids
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_until_gone(before)
    made = pool.render(midi(), 0, "", PATIENCE_S)
    assert is_whole(made)
    assert made.remarks == ()
    assert not set(before) & set(pool.pids)


def test_a_process_killed_while_it_renders_costs_a_second_try(pool):
    # Given both processes held in the middle of their work
    pool.render(midi(), 0, "", PATIENCE_S)
    before = pool.pids
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    made: list[Rendering] = []
    thread = threading.Thread(target=lambda: made.append(pool.render(midi(), 0, "", PATIENCE_S)))
    thread.start()
    time.sleep(0.3)
    # When they are killed
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    thread.join()
    # Then others do it
    assert is_whole(made[0])
    assert made[0].remarks == ()


def test_one_that_hangs_is_given_up_in_time_and_replaced(pool):
    pool.render(midi(), 0, "", PATIENCE_S)
    before = pool.pids
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    made = pool.render(midi(), 0, "", 0.5)
    assert "audio" not in made.files
    assert made.remarks == (
        "The audio could not be made: it took too long.",
        "The picture could not be made: it took too long.",
    )
    wait_until_gone(before)
    assert is_whole(pool.render(midi(), 0, "", PATIENCE_S))


def test_who_waits_behind_one_that_hangs_is_told_so():
    pool = RenderPool(RenderSettings(audio_engine="tinysoundfont", render_processes=1))
    try:
        os.kill(pool.pids[0], signal.SIGSTOP)
        long = threading.Thread(target=pool.render, args=(midi(), 0, "", 3.0))
        long.start()
        time.sleep(0.3)
        made = pool.render(midi(), 0, "", 0.3)
        assert made.remarks[0] == "The audio could not be made: too many pieces were waiting."
        long.join()
    finally:
        pool.close()


def test_who_waits_in_line_loses_none_of_the_time_that_a_rendering_may_take():
    # Given one process, which may take four seconds over a file, and four pieces for it
    pool = RenderPool(RenderSettings(audio_engine="tinysoundfont", render_processes=1, render_timeout_s=4))
    made: list[Rendering] = []
    threads = [threading.Thread(target=lambda: made.append(pool.render(midi(30)))) for _ in range(4)]
    try:
        pool.render(midi())
        # When it is held up for two seconds at each of the first three
        for held in range(3):
            os.kill(pool.pids[0], signal.SIGSTOP)
            if held == 0:
                for thread in threads:
                    thread.start()
            time.sleep(2)
            os.kill(pool.pids[0], signal.SIGCONT)
            while len(made) <= held:
                time.sleep(0.001)
        for thread in threads:
            thread.join()
    finally:
        pool.close()
    # Then all of them are whole, although the last waited longer than that
    assert [is_whole(rendering) for rendering in made] == [True] * 4
    assert max(rendering.timings["render"] for rendering in made) > 5


def test_without_a_soundfont_the_picture_still_comes(tmp_path):
    pool = RenderPool(RenderSettings(soundfont=tmp_path / "none.sf2", render_processes=1))
    try:
        made = pool.render(midi(), 0, "", PATIENCE_S)
    finally:
        pool.close()
    assert made.files["picture"].data
    assert made.remarks == (f"The audio could not be made: there is no SoundFont at {tmp_path / 'none.sf2'}.",)


def test_a_closed_pool_leaves_no_process_and_answers_with_remarks():
    pool = RenderPool(RenderSettings(audio_engine="tinysoundfont"))
    pids = pool.pids
    pool.close()
    pool.close()
    wait_until_gone(pids)
    assert len(pool.render(midi(), 0, "", 1.0).remarks) == 2
    assert pool.pids == pids  # nothing was started again


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_processes_end_with_their_parent_however_it_ends(how):
    code = (
        "import sys, time; from worker.render import RenderPool; pool = RenderPool();"
        "print(*pool.pids, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, stderr=subprocess.DEVNULL)
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    wait_until_gone(pids)


def test_ctrl_c_leaves_a_rendering_alone(pool):
    pool.render(midi(), 0, "", PATIENCE_S)
    before = pool.pids
    for pid in before:
        os.kill(pid, signal.SIGINT)
    assert is_whole(pool.render(midi(), 0, "", PATIENCE_S))
    assert pool.pids == before


def test_a_render_process_knows_no_secret_and_no_tensorflow(monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "a-token")
    monkeypatch.setenv("REDIS_URL", "redis://:a-password@127.0.0.1/0")
    pool = RenderPool(RenderSettings(audio_engine="tinysoundfont", render_processes=1))
    try:
        pool.render(midi(), 0, "", PATIENCE_S)
        process = psutil.Process(pool.pids[0])
        assert not {"DISCORD_TOKEN", "REDIS_URL"} & set(process.environ())
        assert not any("tensorflow" in mapped.path for mapped in process.memory_maps())
    finally:
        pool.close()
