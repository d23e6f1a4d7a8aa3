"""`/describe`, and *Describe* in the menu of a message."""

from __future__ import annotations

from jobs.contract import DescribedKey, DescribedPart, DescribeResult, Originality
from tests.bot.harness import MAX_SEED_BYTES, PICTURE, SEED, Harness, shown, told

FIGURES = {
    "notes": 310, "duration_s": 42.0, "title": "Waltz *of* May",
    "key": DescribedKey(name="G minor", certainty="clear"), "signature": "Bb major",
    "tempos_bpm": (96.0, 96.0), "meters": ("3/4",), "bars": 22, "density": 7.4, "polyphony": 2.1,
    "parts": (DescribedPart(name="Flute", notes=300, low="C4", high="A5"),
              DescribedPart(name="Drums", is_drum=True, notes=10)),
    "chords": ("Gm", "", "D7", "Gm", "Cm"), "repairs": ("Shortened 3 overlapping repeated notes.",),
}  # fmt: skip


def described(harness: Harness, **changes: object) -> None:
    """The worker's part."""
    job = harness.worker.take("describe")
    picture = job.keep(PICTURE, "roll.png")
    assert job.reporter.done(DescribeResult.model_validate(FIGURES | {"job_id": job.id, "picture": picture} | changes))


async def test_a_file_is_described_in_words_figures_and_a_picture(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED))
    described(harness)
    await harness.settle()
    words = shown(harness.message)
    for part in (
        "may.mid\n0:42 · 310 notes · G minor · 96 bpm · 3/4",
        "Title: Waltz \\*of\\* May",
        "Key: G minor (clear)\nThe file says Bb major",
        "Tempo: 96 bpm",
        "Meter: 3/4 · 22 bars",
        "Density: 7.4 notes a second, 2.1 at once",
        "Instruments: Flute: 300 notes, C4 to A5\nDrums: 10 hits",
        "| Gm | –  | D7 | Gm |\n| Cm |",
        "Repaired: Shortened 3 overlapping repeated notes.",
    ):
        assert part in words
    (picture,) = harness.message.attachments
    assert picture.description == "Piano roll of may.mid: 310 notes over 0:42 in G minor, played by Flute, Drums."


async def test_a_performance_in_free_time_has_no_bars_and_an_unclear_key_says_so(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED))
    described(
        harness, key=DescribedKey(name="C major", certainty="unsure", other="A minor"), signature=None, tempos_bpm=None,
        tapped_bpm=71.6, meters=(), bars=None, chords=(), picture=None, remarks=("The picture could not be made: x.",),
    )  # fmt: skip
    await harness.settle()
    words = shown(harness.message)
    for part in ("free time", "unclear: C major or A minor", "free, about 72 bpm", "The picture could not be made"):
        assert part in words
    assert "Chords" not in words
    assert harness.message.attachments == []


async def test_the_menu_describes_the_file_of_any_message_to_whoever_asks(harness: Harness) -> None:
    message = await harness.alice.send(harness.channel, "listen", attachments=[("may.mid", SEED)])
    result = await harness.bob.context_menu(harness.channel, "Describe", message)
    assert result.ephemeral
    described(harness)
    await harness.settle()
    assert "310 notes" in shown(result.response.message)


async def test_a_message_without_a_midi_file_is_refused(harness: Harness) -> None:
    message = await harness.alice.send(harness.channel, "listen", attachments=[("may.mp3", b"ID3")])
    result = await harness.bob.context_menu(harness.channel, "Describe", message)
    assert "This message has no MIDI file attached. Choose one that has." in told(result)
    assert harness.worker.queued("describe") == []


async def test_what_no_seed_may_be_is_not_described_either(harness: Harness) -> None:
    for name, data, said in (
        ("may.mid", b"", "is empty"),
        ("may.mid", b"no music at all", "isn't a real MIDI file"),
        ("may.mid", SEED + bytes(MAX_SEED_BYTES), "is too big"),
    ):
        result = await harness.alice.slash(harness.channel, "describe", file=(name, data))
        assert said in told(result)
    assert harness.worker.queued("describe") == []


async def test_what_the_worker_refuses_only_the_member_reads(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED))
    harness.worker.take("describe").has_failed("The MIDI file has no notes; send one that plays something.")
    await harness.settle()
    assert "The MIDI file has no notes" in told(result)


async def test_a_member_has_only_so_many_files_described_at_a_time(harness: Harness) -> None:
    for _ in range(harness.settings.member_open_jobs_limit):
        await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED))
    result = await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED))
    assert "You already have 3 files waiting to be described" in told(result)


async def test_a_file_is_compared_with_the_training_music_of_a_model(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED), model="piano")
    described(harness, originality=Originality(share_8=0.5, share_16=0.25, longest_run=40, human_share_16=0.02))
    await harness.settle()
    assert "Compared with piano: 25.0 % of its 16-note passages also occur in the training music" in shown(
        harness.message
    )


async def test_a_model_that_does_not_exist_is_refused_with_those_that_do(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "describe", file=("may.mid", SEED), model="nobody")
    assert "There is no model called “nobody”. Available models: band, piano." in told(result)
