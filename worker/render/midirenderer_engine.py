"""midirenderer: a synthesizer whose wheels exist for every platform and Python; slower than the other two.

It renders whole MIDI files, at 48 kHz and 16 bits, on MIDI's sixteen channels. So a schedule becomes one file for each
fifteen instruments and drum kit, and the sound is resampled.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import mido
import numpy as np
from midirenderer import render_wave_from
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from model.piece import PAN, VOLUME, Instrument
from worker.render.renderer import RenderError
from worker.render.schedule import SAMPLE_RATE_HZ, Event, Kind, Schedule

TICKS_PER_QUARTER, QUARTER_US = 22_050, 500_000  # so that one tick is one sample of a schedule
DRUM_CHANNEL = 9
CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
SUSTAIN, REVERB, CHORUS, FULL = 64, 91, 93, 127
START = {REVERB: 0, CHORUS: 0}  # `room` has one reverb for all synthesizers
AUDIBLE_VELOCITY = 64  # what is softer all through drowns in 16 bits: it is played louder, and levelled afterwards
LOUDEST = 32_767
VOLUMES = (127, 64, 32, 16, 8)  # tried in turn until nothing is clipped; the level is set afterwards
RENDERED_HZ = 48_000
STEP_IN, STEP_OUT = 160, 147  # 48,000 : 44,100
TAPS = 64


class MidiRendererEngine:
    """Plays with midirenderer; see `Synthesizer`."""

    name = "midirenderer"
    knows_pedal = True

    def __init__(self, path: Path) -> None:
        """Load the SoundFont at `path`.

        Raises:
            RenderError: the file is no SoundFont.
        """
        self._font = path.read_bytes()
        try:
            render_wave_from(self._font, _midi_file([], 1))
        except (RuntimeError, ValueError, OSError) as error:
            raise RenderError(f"{path.name} is no SoundFont that midirenderer reads") from error

    def play(self, schedule: Schedule) -> NDArray:
        """The sound, float32 (samples, 2)."""
        sound = np.zeros((schedule.samples, 2), np.float32)
        for channels in _files(schedule.instruments):
            sound += self._rendered(schedule, channels)
        return sound

    def _rendered(self, schedule: Schedule, channels: dict[int, int]) -> NDArray:
        """The sound of the instruments in `channels` (instrument: MIDI channel)."""
        louder = _lift(schedule)
        events = [event for _, _, begun in schedule.blocks() for event in begun if event.channel in channels]
        for volume in VOLUMES:
            messages = _opening(schedule, channels, volume)
            messages += [(one.sample, _message(one, channels[one.channel], louder, volume)) for one in events]
            with wave.open(io.BytesIO(render_wave_from(self._font, _midi_file(messages, schedule.samples)))) as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
            if max(int(samples.max(initial=0)), -int(samples.min(initial=0))) < LOUDEST:
                break
        # the volume controller acts squared
        return _resampled(samples, schedule.samples) * np.float32((VOLUMES[0] / volume) ** 2)


def _files(instruments: Sequence[Instrument]) -> Iterator[dict[int, int]]:
    """MIDI channels by index of instrument, file by file; drum kits all play on one channel."""
    kits = [index for index, one in enumerate(instruments) if one.is_drum]
    others = [index for index, one in enumerate(instruments) if not one.is_drum]
    size = len(CHANNELS)
    groups = [others[at : at + size] for at in range(0, len(others), size)]
    for kit, group in zip_longest(kits, groups):
        channels = dict(zip(group or (), CHANNELS, strict=False))
        yield channels if kit is None else {**channels, kit: DRUM_CHANNEL}


def _lift(schedule: Schedule) -> float:
    """What velocities are multiplied by: loudness follows their square, so notes keep their proportions."""
    velocities = schedule.events["velocity"][schedule.events["kind"] == Kind.KEY_DOWN]
    return max(1.0, AUDIBLE_VELOCITY / max(1, int(velocities.max(initial=1))))


def _opening(schedule: Schedule, channels: dict[int, int], volume: int) -> list[tuple[int, mido.Message]]:
    """What each channel plays, how loud where full volume is `volume`, and where it sits."""
    messages: list[tuple[int, mido.Message]] = []
    for instrument, channel in channels.items():
        played, seat = schedule.instruments[instrument], schedule.seat(instrument)
        program = 0 if played.is_drum else played.program
        messages.append((0, mido.Message("program_change", channel=channel, program=program)))
        # the volume controller acts squared
        controls = {**START, VOLUME: round(volume * 10 ** (seat.gain_db / 40)), PAN: seat.pan}
        for control, value in controls.items():
            messages.append((0, mido.Message("control_change", channel=channel, control=control, value=value)))
    return messages


def _message(event: Event, channel: int, louder: float, volume: int) -> mido.Message:
    if event.kind == Kind.CONTROL:
        value = event.velocity * volume // FULL if event.key == VOLUME else event.velocity
        return mido.Message("control_change", channel=channel, control=event.key, value=value)
    if event.kind == Kind.KEY_DOWN:
        velocity = max(1, round(event.velocity * louder))
        return mido.Message("note_on", channel=channel, note=event.key, velocity=velocity)
    if event.kind == Kind.KEY_UP:
        return mido.Message("note_off", channel=channel, note=event.key)
    return mido.Message(
        "control_change", channel=channel, control=SUSTAIN, value=FULL if event.kind == Kind.PEDAL_DOWN else 0
    )


def _midi_file(messages: Sequence[tuple[int, mido.Message]], samples: int) -> bytes:
    """Messages in order, each with its sample, as a MIDI file that lasts `samples`."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=QUARTER_US)])
    last = 0
    for sample, message in messages:
        track.append(message.copy(time=sample - last))
        last = sample
    # rendering ends with the last message, so one that changes nothing ends the file
    track.append(mido.Message("control_change", channel=DRUM_CHANNEL, control=SUSTAIN, value=0, time=samples - last))
    file = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=TICKS_PER_QUARTER, tracks=[track]).save(file=file)
    return file.getvalue()


def _resampled(samples: NDArray, wanted: int) -> NDArray:
    """16-bit sound at `RENDERED_HZ` as float32 (wanted, 2) within -1..1 at `SAMPLE_RATE_HZ`, by windowed sinc."""
    blocks = -(-wanted // STEP_OUT)
    padded = np.zeros((2, STEP_IN * blocks + 2 * TAPS), np.float32)
    kept = min(len(samples), STEP_IN * blocks + TAPS)
    padded[:, TAPS : TAPS + kept] = samples[:kept].T / np.float32(LOUDEST + 1)
    windows = sliding_window_view(padded, STEP_IN + 2 * TAPS, axis=1)[:, ::STEP_IN]
    sound = windows[:, :blocks] @ _kernel()
    return sound.reshape(2, -1)[:, :wanted].T


def _kernel() -> NDArray:
    """Weights (window, STEP_OUT): what each sample of a window adds to each sample that comes of it."""
    cutoff = SAMPLE_RATE_HZ / RENDERED_HZ * 0.95
    at = TAPS + np.arange(STEP_OUT) * STEP_IN / STEP_OUT
    distance = np.arange(STEP_IN + 2 * TAPS)[:, None] - at
    window = np.where(np.abs(distance) < TAPS, 0.5 + 0.5 * np.cos(np.pi * distance / TAPS), 0.0)
    return (cutoff * np.sinc(cutoff * distance) * window).astype(np.float32)
