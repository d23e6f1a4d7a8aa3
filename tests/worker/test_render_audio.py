"""What is heard is measured: the sound of each engine, and the MP3 decoded by a library that did not make it."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from model.piece import CONTROL, NOTE, PAN, PEDAL, VOLUME, Instrument, Piece, table
from worker.render import RenderSettings
from worker.render.engines import open_synthesizer
from worker.render.loudness import integrated_lufs, true_peak_db
from worker.render.media import TAIL_S, AudioRenderer
from worker.render.mp3 import id3_title
from worker.render.renderer import RenderError, RenderOptions
from worker.render.schedule import SAMPLE_RATE_HZ, Kind, schedule

miniaudio = pytest.importorskip("miniaudio", reason="miniaudio has no wheel for Linux on ARM64")

ENGINES = ("fluidsynth", "tinysoundfont", "midirenderer")
HIDDEN = {  # what an import needs in order to find each
    "fluidsynth": ("fluidsynth", "worker.render.fluidsynth_engine"),
    "tinysoundfont": ("tinysoundfont", "worker.render.tinysoundfont_engine"),
    "midirenderer": ("midirenderer", "worker.render.midirenderer_engine"),
}


def hide(monkeypatch: pytest.MonkeyPatch, *engines: str) -> None:
    """Let `engines` be as if they were not installed."""
    for engine in engines:
        library, module = HIDDEN[engine]
        monkeypatch.setitem(sys.modules, library, None)
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.fixture(scope="module", params=ENGINES)
def renderer(request) -> AudioRenderer:
    skip_without(request.param)
    return AudioRenderer(RenderSettings(audio_engine=request.param))


def skip_without(engine: str) -> None:
    try:
        open_synthesizer(RenderSettings(audio_engine=engine))
    except RenderError:
        pytest.skip(f"{engine} is not on this machine (FluidSynth on Debian: apt-get install libfluidsynth3)")


PIANO = (Instrument(),)


def piece(*rows, pedals=(), instruments=PIANO) -> Piece:
    """Rows of (onset ms, duration ms, pitch, velocity, instrument)."""
    return Piece(notes=table(NOTE, rows), pedals=table(PEDAL, pedals), instruments=tuple(instruments))


def busy_piano(seconds: int, instruments: int = 1, notes_per_s: int = 12) -> Piece:
    rng = np.random.default_rng(5)
    notes = np.zeros(seconds * notes_per_s, NOTE)
    notes["onset"] = np.sort(rng.integers(0, seconds * 1000 - 500, len(notes)))
    notes["duration"] = rng.integers(60, 500, len(notes))
    notes["pitch"] = rng.integers(30, 100, len(notes))
    notes["velocity"] = rng.integers(10, 128, len(notes))
    notes["instrument"] = np.arange(len(notes)) % instruments
    voices = tuple(Instrument(program=8 * number % 128) for number in range(instruments))
    return Piece(
        notes=notes, instruments=voices, pedals=table(PEDAL, [(1000 * second, 800, 0) for second in range(seconds)])
    )


def rms(sound, start_s: float, end_s: float) -> float:
    part = sound[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]
    return float(np.sqrt(np.mean(np.square(part, dtype=float))))


def decoded(mp3: bytes):
    audio = miniaudio.decode(mp3, output_format=miniaudio.SampleFormat.FLOAT32)
    assert (audio.sample_rate, audio.nchannels) == (SAMPLE_RATE_HZ, 2)
    return np.array(audio.samples).reshape(-1, 2)


def spectrum(sound):
    """The share of each 100 Hz band, up to 10 kHz."""
    power = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    bands = power[: len(power) // 200 * 200].reshape(200, -1).sum(axis=1)[:100]
    return bands / bands.sum()


@pytest.mark.parametrize(
    "made",
    [
        piece((0, 400, 60, 80, 0)),
        piece((0, 400, 60, 1, 0)),  # as soft as can be
        busy_piano(20),
        busy_piano(10, instruments=16, notes_per_s=60),
    ],
    ids=["one note", "one soft note", "busy piano", "16 instruments"],
)
def test_an_mp3_is_as_long_as_its_piece_and_as_loud_as_all_others(renderer, made):
    sound = decoded(renderer.render(made, RenderOptions()).data)
    assert len(sound) / SAMPLE_RATE_HZ == pytest.approx(made.end_s + TAIL_S, abs=0.12)  # MP3 pads to whole frames
    assert integrated_lufs(sound) == pytest.approx(-16, abs=1)
    assert true_peak_db(sound) < -1
    assert rms(sound, made.end_s + TAIL_S - 0.05, made.end_s + TAIL_S) < 1e-3  # faded, not cut


def test_a_drum_solo_is_as_loud_and_not_clipped_by_the_coding(renderer):
    rows = [(62 * step, 50, (36, 42, 38, 46, 49, 40)[step * 7 % 6], 127, 0) for step in range(120)]
    sound = decoded(renderer.render(piece(*rows, instruments=[Instrument(is_drum=True)]), RenderOptions()).data)
    assert integrated_lufs(sound) == pytest.approx(-16, abs=1)
    assert true_peak_db(sound) < -1


def test_the_first_note_is_heard_at_once(renderer):
    sound = decoded(renderer.render(piece((0, 500, 60, 100, 0)), RenderOptions()).data)
    assert rms(sound, 0.0, 0.1) > 0.01


def test_notes_are_heard_where_they_are_written(renderer):
    sound, _ = renderer.play(piece((1000, 200, 76, 110, 0), (2500, 200, 76, 110, 0)))
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > 0.05) / SAMPLE_RATE_HZ
    assert loud[0] == pytest.approx(1.0, abs=0.03)
    assert loud[loud > 2.2][0] == pytest.approx(2.5, abs=0.03)


def test_the_pedal_holds_a_released_key(renderer):
    dry, _ = renderer.play(piece((0, 200, 60, 100, 0), (2000, 100, 96, 20, 0)))
    held, _ = renderer.play(piece((0, 200, 60, 100, 0), (2000, 100, 96, 20, 0), pedals=[(0, 1500, 0)]))
    assert rms(held, 0.9, 1.4) > 10 * rms(dry, 0.9, 1.4)
    assert rms(held, 1.9, 2.0) < 0.3 * rms(held, 1.2, 1.4)  # lifted at 1.5 s


def test_the_pedal_holds_only_its_own_instrument(renderer):
    two = [Instrument(0), Instrument(0)]
    rows = [(0, 200, 60, 100, 1), (2000, 100, 96, 20, 0)]
    mine, _ = renderer.play(piece(*rows, pedals=[(0, 1500, 1)], instruments=two))
    other, _ = renderer.play(piece(*rows, pedals=[(0, 1500, 0)], instruments=two))
    assert rms(mine, 0.9, 1.4) > 10 * rms(other, 0.9, 1.4)


def of_engine(request: pytest.FixtureRequest, usual: float, midirenderer: float) -> float:
    """A bound that midirenderer, the duller of the three, has of its own."""
    return midirenderer if request.node.callspec.params["renderer"] == "midirenderer" else usual


def test_programs_sound_different(renderer, request):
    least = of_engine(request, 0.2, 0.08)  # 0 is equal, 2 is nothing in common
    spectra = []
    for program in (0, 19, 56, 73):
        sound, _ = renderer.play(piece((0, 1500, 60, 100, 0), instruments=[Instrument(program)]))
        spectra.append(spectrum(sound))
    for index, one in enumerate(spectra):
        for other in spectra[index + 1 :]:
            assert np.abs(one - other).sum() > least


def test_a_piano_alone_spans_from_left_to_right(renderer):
    sound, _ = renderer.play(piece((0, 900, 28, 100, 0), (2000, 900, 100, 100, 0)))
    low, high = sound[: SAMPLE_RATE_HZ // 2], sound[2 * SAMPLE_RATE_HZ : 5 * SAMPLE_RATE_HZ // 2]
    for part, louder in ((low, 0), (high, 1)):
        power = np.square(part).sum(axis=0)
        assert power[louder] > 1.3 * power[1 - louder]


def test_the_instruments_of_a_band_are_about_equally_loud(renderer):
    # Given instruments that a SoundFont has at very different levels, one after another
    programs = (0, 40, 73, 56, 33)
    rows = [(2000 * place, 1500, 48 if program == 33 else 67, 80, place) for place, program in enumerate(programs)]
    band = piece(*rows, instruments=[Instrument(program) for program in programs])
    # When they play notes of one velocity
    sound, _ = renderer.play(band)
    # Then their loudness differs by less than half of what is usual between them
    levels = [20 * np.log10(rms(sound, 2 * place, 2 * place + 1.2)) for place in range(len(programs))]
    assert np.ptp(levels) < 9


def test_a_file_that_says_how_loud_and_where_an_instrument_is_is_heard_so(renderer):
    two = [Instrument(73), Instrument(73)]
    controls = table(CONTROL, [(0, VOLUME, 50, 0), (0, VOLUME, 110, 1), (0, PAN, 0, 0), (0, PAN, 127, 1)])
    made = replace(piece((0, 900, 72, 90, 0), (2000, 900, 72, 90, 1), instruments=two), controls=controls)
    sound, _ = renderer.play(made)
    soft, loud = sound[: SAMPLE_RATE_HZ // 2], sound[2 * SAMPLE_RATE_HZ : 5 * SAMPLE_RATE_HZ // 2]
    assert np.square(soft[:, 0]).sum() > 4 * np.square(soft[:, 1]).sum()
    assert np.square(loud[:, 1]).sum() > 4 * np.square(loud[:, 0]).sum()
    assert np.square(loud).sum() > 4 * np.square(soft).sum()


def test_drums_are_heard_as_drums(renderer, request):
    hit = (0, 200, 38, 110, 0)
    snare, _ = renderer.play(piece(hit, instruments=[Instrument(is_drum=True)]))
    tone, _ = renderer.play(piece(hit, instruments=[Instrument(program=0)]))
    assert rms(snare, 0, 0.15) > 0.05
    high = [spectrum(sound)[20:].sum() for sound in (snare, tone)]  # above 2 kHz
    assert high[0] > of_engine(request, 0.1, 0.05) > high[1]


def test_loud_notes_are_louder_than_soft_ones(renderer):
    sound, _ = renderer.play(piece((0, 400, 60, 120, 0), (2000, 400, 60, 60, 0)))
    ratio = rms(sound, 2.0, 2.4) / rms(sound, 0.0, 0.4)
    assert 0.12 < ratio < 0.5  # the SoundFont standard: a quarter at half the velocity


@pytest.mark.parametrize("velocity", [1, 5, 11])
def test_the_softest_notes_are_heard(renderer, velocity):
    sound, _ = renderer.play(piece((0, 400, 60, velocity, 0)))
    assert rms(sound, 0, 0.4) > 0.02


def test_a_second_piece_starts_from_silence(renderer):
    short = piece((1000, 200, 60, 90, 0))
    first, _ = renderer.play(short)
    renderer.play(busy_piano(3))
    second, _ = renderer.play(short)
    assert rms(second, 0.0, 0.95) < 1e-4
    assert len(first) == len(second)


def test_a_key_that_has_no_sound_is_refused_with_a_reason(renderer):
    with pytest.raises(RenderError, match="no sound"):
        renderer.play(piece((0, 200, 5, 90, 0), instruments=[Instrument(is_drum=True)]))


def test_of_a_very_long_piece_the_end_is_heard_and_said():
    renderer = AudioRenderer(RenderSettings(audio_engine="tinysoundfont", max_audio_s=10))
    long = piece((0, 500, 60, 90, 0), (70_000, 1000, 64, 90, 0), (79_000, 1000, 67, 90, 0))
    made = renderer.render(long, RenderOptions())
    assert len(decoded(made.data)) / SAMPLE_RATE_HZ == pytest.approx(10 + TAIL_S, abs=0.12)
    assert made.remarks == ("The piece is long: the audio starts at 1:10.",)


def test_five_minutes_are_rendered(renderer):
    sound = decoded(renderer.render(busy_piano(300, notes_per_s=5), RenderOptions()).data)
    assert len(sound) / SAMPLE_RATE_HZ > 300
    assert integrated_lufs(sound) == pytest.approx(-16, abs=1)


def test_the_file_carries_its_title():
    renderer = AudioRenderer(RenderSettings(audio_engine="tinysoundfont"))
    made = renderer.render(piece((0, 100, 60, 90, 0)), RenderOptions(title="Prélude ♪")).data
    assert made.startswith(b"ID3\x03")
    assert "Prélude ♪".encode("utf-16-le") in made[:200]
    assert len(decoded(made))


def test_an_id3_tag_is_built_byte_by_byte():
    assert id3_title("") == b""
    assert id3_title("A") == bytes.fromhex(
        "49443303 0000 0000000f"  # 'ID3', version 2.3, no flags, 15 bytes follow
        "54495432 00000005 0000"  # the frame 'TIT2', 5 bytes, no flags
        "01 fffe 4100"  # UTF-16 with its mark
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_or_broken_soundfont_has_its_sentence(engine, tmp_path):
    skip_without(engine)
    with pytest.raises(RenderError, match="there is no SoundFont at"):
        open_synthesizer(RenderSettings(audio_engine=engine, soundfont=tmp_path / "none.sf2"))
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF\x10\0\0\0sfbkrubbish")
    with pytest.raises(RenderError, match=r"broken\.sf2 is no SoundFont"):
        open_synthesizer(RenderSettings(audio_engine=engine, soundfont=broken))


def test_the_soundfont_is_set_by_the_environment(monkeypatch, tmp_path):
    assert RenderSettings().soundfont_path.name == "TimGM6mb.sf2"
    assert RenderSettings().soundfont_path.is_file()
    monkeypatch.setenv("CADENZA_SOUNDFONT", str(tmp_path / "other.sf2"))
    assert RenderSettings().soundfont_path == tmp_path / "other.sf2"


@pytest.mark.parametrize(
    ("hidden", "plays"),
    [
        (("fluidsynth",), "tinysoundfont"),
        (("tinysoundfont", "fluidsynth"), "midirenderer"),  # Linux on ARM64, and everywhere with Python 3.13
    ],
)
def test_auto_takes_the_best_synthesizer_that_is_installed(monkeypatch, hidden, plays):
    hide(monkeypatch, *hidden)
    skip_without(plays)
    assert open_synthesizer(RenderSettings(audio_engine="auto")).name == plays


def test_a_piece_is_heard_without_fluidsynth_and_tinysoundfont(monkeypatch):
    hide(monkeypatch, "fluidsynth", "tinysoundfont")
    made = AudioRenderer(RenderSettings()).render(piece((0, 1000, 60, 90, 0)), RenderOptions())
    assert rms(decoded(made.data), 0, 1) > 0.01


@pytest.mark.parametrize("engine", ENGINES)
def test_a_synthesizer_that_is_asked_for_but_not_installed_has_its_sentence(monkeypatch, engine):
    hide(monkeypatch, engine)
    with pytest.raises(RenderError, match=f"{engine} is asked for but not installed"):
        open_synthesizer(RenderSettings(audio_engine=engine))


def test_without_any_synthesizer_a_sentence_says_what_to_install(monkeypatch):
    hide(monkeypatch, *ENGINES)
    with pytest.raises(RenderError, match="no synthesizer is installed: install FluidSynth"):
        open_synthesizer(RenderSettings())


def test_more_instruments_than_midi_has_channels_are_all_heard_without_them(monkeypatch):
    # Given forty instruments that play one after another, two drum kits among them
    drums = {3, 21}
    voices = tuple(Instrument(program=number, is_drum=number in drums) for number in range(40))
    rows = [(500 * number, 400, 38 if number in drums else 60, 100, number) for number in range(40)]
    # When the synthesizer plays them that knows MIDI's sixteen channels only
    sound, _ = AudioRenderer(RenderSettings(audio_engine="midirenderer")).play(piece(*rows, instruments=voices))
    # Then each is heard in its time
    assert min(rms(sound, 0.5 * number, 0.5 * number + 0.4) for number in range(40)) > 0.001


def test_what_is_too_loud_for_sixteen_bits_is_not_clipped_by_midirenderer():
    rows = [(0, 2000, pitch, 127, number) for number in range(15) for pitch in range(36, 96, 3)]
    voices = tuple(
        Instrument(program=number) for number in (56, 61, 48, 16, 29, 30, 62, 81, 80, 57, 58, 19, 90, 63, 55)
    )
    sound, _ = AudioRenderer(RenderSettings(audio_engine="midirenderer")).play(piece(*rows, instruments=voices))
    highest = np.abs(sound).max()
    assert np.count_nonzero(np.abs(sound) > 0.999 * highest) < 20


def test_a_pedal_changed_at_a_chord_lets_the_old_one_go_first():
    plan = schedule(
        piece((0, 500, 60, 90, 0), (500, 500, 64, 90, 0), pedals=[(0, 500, 0), (500, 400, 0)]),
        start_s=0,
        end_s=2,
        pedal=True,
    )
    change = plan.events[plan.events["sample"] == SAMPLE_RATE_HZ // 2]
    assert change["kind"].tolist() == [Kind.PEDAL_UP, Kind.PEDAL_DOWN, Kind.KEY_UP, Kind.KEY_DOWN]


def test_blocks_cover_every_sample_once():
    plan = schedule(busy_piano(4), start_s=0, end_s=6, pedal=False)
    blocks = list(plan.blocks())
    assert blocks[0][0] == 0
    assert blocks[-1][1] == plan.samples == 6 * SAMPLE_RATE_HZ
    assert all(end == start for (_, end, _), (start, _, _) in pairwise(blocks))
    heard = plan.events[plan.events["sample"] < plan.samples]
    assert [event for *_, events in blocks for event in events] == heard.tolist()
    assert all(event.sample == start for start, _, events in blocks for event in events)


def test_what_comes_later_than_the_first_sample_is_waited_for():
    plan = schedule(piece((1000, 500, 60, 90, 0)), start_s=0, end_s=2, pedal=False)
    assert [(start, end, len(events)) for start, end, events in plan.blocks()] == [
        (0, SAMPLE_RATE_HZ, 0),
        (SAMPLE_RATE_HZ, 3 * SAMPLE_RATE_HZ // 2, 1),
        (3 * SAMPLE_RATE_HZ // 2, 2 * SAMPLE_RATE_HZ, 1),
    ]
