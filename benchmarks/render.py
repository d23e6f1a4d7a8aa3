"""Audio: how many seconds of sound a render process makes in one second from a dense piano piece with pedal."""

from __future__ import annotations

import time

from benchmarks.results import Measured, Part
from benchmarks.rounds import best_of

LENGTH_S = 120.0
ROUNDS = 4


def measure(length_s: float = LENGTH_S, rounds: int = ROUNDS) -> Measured:
    """Render the piece to MP3 repeatedly, and time its two stages."""
    from benchmarks.music import performance
    from worker.render.engines import open_synthesizer
    from worker.render.media import AudioRenderer
    from worker.render.mp3 import encode_mp3
    from worker.render.renderer import RenderOptions, RenderSettings

    piece, settings = performance(length_s, random_seed=0), RenderSettings()
    renderer = AudioRenderer(settings)
    renderer.render(performance(1 + length_s / 10, random_seed=1), RenderOptions())  # loads the SoundFont
    whole, playing, coding = [], [], []
    for _ in range(rounds):
        started = time.perf_counter()
        renderer.render(piece, RenderOptions())
        rendered = time.perf_counter()
        sound, _ = renderer.play(piece)
        played = time.perf_counter()
        encode_mp3(sound, "", settings.mp3_kbps)
        whole.append(rendered - started)
        playing.append(played - rendered)
        coding.append(time.perf_counter() - played)
    return Measured(
        unit="s of sound/s",
        ours=piece.end_s / min(whole),
        baseline=1.0,
        against="real time",
        counted=best_of(rounds).replace(" of each, in turn", ""),
        details={
            "sound_s": piece.end_s,
            "notes": len(piece),
            "synthesizer": open_synthesizer(settings).name,
            "play_s": min(playing),
            "mp3_s": min(coding),
            "rounds": [piece.end_s / seconds for seconds in whole],
        },
    )


PART = Part(
    name="render",
    says="seconds of sound synthesized, levelled and encoded as MP3 in one second.",
    must=40,
    aim=150,
    measure=measure,
)
