"""Sloppy real files: what is mended, and the sentence that says so. Bytes in hex, one event to a group."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from model.midi import MidiLimits, ReadMidi, read_midi
from tests.model.midi.midi_bytes import NOTE, chunk, file


def rows(read: ReadMidi) -> list[tuple[int, int, int]]:
    """Onset, duration and pitch of each note."""
    return [(int(note["onset"]), int(note["duration"]), int(note["pitch"])) for note in read.piece.notes]


def pedals(read: ReadMidi) -> list[tuple[int, int, int]]:
    return [tuple(row) for row in read.piece.pedals.tolist()]


def only(read: ReadMidi) -> str:
    """The one repair there is."""
    assert len(read.repairs) == 1, read.repairs
    return read.repairs[0]


def test_a_tidy_file_needs_no_repair() -> None:
    read = read_midi(file(NOTE))

    assert rows(read) == [(0, 480, 60)]
    assert read.repairs == ()


def test_overlapping_notes_of_a_key_are_cut_at_the_next_strike() -> None:
    # strikes at 0 and 100 (64), releases at 200 and 300
    read = read_midi(file("00 90 3c 40  64 90 3c 50  64 80 3c 00  64 80 3c 00"))

    assert rows(read) == [(0, 100, 60), (100, 200, 60)]
    assert only(read) == "Shortened 1 overlapping repeated note."


def test_of_two_strikes_at_once_the_longer_stays() -> None:
    read = read_midi(file("00 90 3c 40  00 90 3c 50  64 80 3c 00  64 80 3c 00"))

    assert rows(read) == [(0, 200, 60)]


def test_a_note_without_length_gets_a_thirty_second() -> None:
    read = read_midi(file("00 90 3c 40  00 80 3c 00" + NOTE.replace("3c", "3e")))

    assert rows(read) == [(0, 60, 60), (0, 480, 62)]
    assert only(read) == "Gave 1 note without length that of a 32nd note."


def test_notes_never_ended_last_a_whole_note_at_most() -> None:
    # C4 at 0 and D4 at 0; nobody lets go of them
    read = read_midi(file("00 90 3c 40  00 90 3e 40  9f 00 90 43 40  10 80 43 00"))

    assert rows(read) == [(0, 1920, 60), (0, 1920, 62), (3968, 16, 67)]
    assert only(read) == "Ended 2 notes that had no end, after 4 quarter notes at most."


def test_one_release_may_end_two_strikes() -> None:
    read = read_midi(file("00 90 3c 40  64 90 3c 40  64 80 3c 00"))

    assert rows(read) == [(0, 100, 60), (100, 100, 60)]
    assert "never ended" not in " ".join(read.repairs)


def test_velocity_zero_is_a_release_also_under_running_status() -> None:
    read = read_midi(file("00 90 3c 40  64 3c 00  00 3e 40  64 3e 00"))

    assert rows(read) == [(0, 100, 60), (100, 100, 62)]
    assert read.repairs == ()


def test_a_name_that_is_not_utf_8_is_read_as_western_european() -> None:
    # 46 fc 72: 'Für' in Windows-1252
    read = read_midi(file("00 ff 03 03 46 fc 72" + NOTE, kind=0))

    assert read.piece.title == "Für"
    assert read.piece.instruments[0].name == "Für"
    assert read.repairs == ()


def test_a_name_of_control_characters_and_endless_length_is_made_fit_to_show() -> None:
    # 07 0a: a bell and a line feed; 83 74: 500 letters
    name = "00 ff 03 83 76 07 0d" + "61" * 500
    read = read_midi(file(name + NOTE, kind=0))

    assert read.piece.title == "a" * 200


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ("00 ff 58 04 00 02 18 08", "Ignored 1 impossible meter."),  # 0/4
        ("00 ff 58 04 04 ff 18 08", "Ignored 1 impossible meter."),  # 4/2^255
        ("00 ff 51 03 00 00 00", "Ignored 1 impossible tempo."),  # no time at all
        ("00 ff 51 03 00 00 01  10 ff 51 03 00 00 02", "Ignored 2 impossible tempos."),
    ],
)
def test_impossible_tempos_and_meters_are_ignored(events: str, sentence: str) -> None:
    read = read_midi(file(events + NOTE))

    assert only(read) == sentence
    assert read.piece.tempos.tolist() == [(0, 500_000)]
    assert read.piece.meters.tolist() == [(0, 4, 4)]


def test_signatures_of_the_wrong_size_and_impossible_keys_do_no_harm() -> None:
    # 59 02 40 05: 64 sharps; 51 00, 58 00, 59 00: signatures without content
    read = read_midi(file("00 ff 59 02 40 05  00 ff 51 00  00 ff 58 00  00 ff 59 00" + NOTE))

    assert rows(read) == [(0, 480, 60)]
    assert read.piece.tempos.tolist() == [(0, 500_000)]


def test_maps_start_at_tick_0_and_hold_only_changes() -> None:
    # 120 bpm again at 16, 100 bpm (09 27 c0) at 32 twice over; 3/4 at 16
    read = read_midi(
        file("10 ff 51 03 07 a1 20  00 ff 58 04 03 02 18 08  10 ff 51 03 07 00 00  00 ff 51 03 09 27 c0" + NOTE)
    )

    assert read.piece.tempos.tolist() == [(0, 500_000), (32, 600_000)]
    assert read.piece.meters.tolist() == [(0, 4, 4), (16, 3, 4)]


def test_bytes_after_the_last_track_are_ignored() -> None:
    read = read_midi(file(NOTE) + b"\x00\x00<garbage>")

    assert rows(read) == [(0, 480, 60)]
    assert only(read) == "Bytes after the last track were ignored."


def test_a_last_track_cut_short_is_read_as_far_as_it_goes() -> None:
    whole = file(NOTE, NOTE.replace("3c", "3e") + NOTE)
    cut = whole[: -len(["ff", "2f", "00"]) - 4]  # into the release of the last note

    read = read_midi(cut)

    assert rows(read) == [(0, 480, 60), (0, 480, 62), (480, 1920, 60)]
    assert read.repairs[0] == "The file ends within its last track; what came before was kept."


def test_a_missing_end_of_track_needs_no_word() -> None:
    assert read_midi(file(chunk(NOTE, end=b""))).repairs == ()


def test_what_follows_the_end_of_a_track_is_not_music() -> None:
    read = read_midi(file(NOTE + "00 ff 2f 00" + NOTE))

    assert rows(read) == [(0, 480, 60)]


def test_a_longer_header_and_unknown_chunks_are_skipped() -> None:
    plain = file(NOTE)
    longer = b"MThd\x00\x00\x00\x08" + plain[8:14] + b"\x00\x00" + b"XFIH\x00\x00\x00\x02ab" + plain[14:]

    assert rows(read_midi(longer)) == [(0, 480, 60)]


def test_the_count_of_tracks_in_the_header_is_not_believed() -> None:
    data = bytearray(file(NOTE, NOTE.replace("3c", "3e")))
    data[10:12] = b"\x00\x00"

    assert len(read_midi(bytes(data)).piece) == 2


def test_a_file_in_a_riff_wrapper_is_taken_out() -> None:
    plain = file(NOTE)
    wrapped = b"RIFF" + struct.pack("<I", len(plain) + 12) + b"RMIDdata" + struct.pack("<I", len(plain)) + plain

    assert only(read_midi(wrapped)) == "The MIDI file was taken out of its RIFF wrapper."


def test_a_macintosh_block_before_the_header_is_skipped() -> None:
    assert only(read_midi(bytes(128) + file(NOTE))) == "Bytes before the MIDI header were ignored."


def test_sysex_and_escapes_leave_time_as_it_is() -> None:
    # f0 05 .. f7: 'General MIDI on'; f7 03: an escape
    read = read_midi(file("00 f0 05 7e 7f 09 01 f7  60 f7 03 61 62 63  00 90 3c 40  60 80 3c 00"))

    assert rows(read) == [(96, 96, 60)]


def test_a_pedal_acts_on_all_tracks_of_its_channel() -> None:
    # both hands on channel 1, the pedal (40 = controller 64) in a third track: down at 0, up at 200
    read = read_midi(file(NOTE, NOTE.replace("3c", "30"), "00 b0 40 7f  81 48 b0 40 00"))

    assert pedals(read) == [(0, 200, 0), (0, 200, 1)]
    assert read.repairs == ()


def test_a_pedal_on_another_channel_stays_there() -> None:
    # channel 2 has a pedal of its own
    read = read_midi(file(NOTE, "00 b1 40 7f  00 91 3e 40  60 81 3e 00  60 b1 40 00"))

    assert pedals(read) == [(0, 192, 1)]
    assert read.repairs == ()


def test_a_pedal_is_down_from_64_on_and_ends_with_the_music_at_the_latest() -> None:
    # half-pedal values 3f (up) 40 (down) 64 (still down) 3f (up), then down for good at 40 + 480
    read = read_midi(file("00 b0 40 3f  0a 40 40  0a 40 64  0a 40 3f  0a 40 7f" + NOTE))

    assert pedals(read) == [(10, 20, 0), (40, 480, 0)]


def test_a_track_that_changes_its_program_becomes_two_instruments() -> None:
    read = read_midi(file(NOTE + "00 c0 28" + NOTE))

    assert [instrument.program for instrument in read.piece.instruments] == [0, 40]
    assert sorted(read.piece.notes["instrument"].tolist()) == [0, 1]


def test_channel_ten_is_the_drums() -> None:
    read = read_midi(file("00 99 24 40  10 89 24 00"))

    assert read.piece.instruments[0].is_drum


def test_only_a_track_that_speaks_for_the_whole_gives_the_title() -> None:
    name = "00 ff 03 02 68 69"  # 'hi'

    assert read_midi(file(name, NOTE)).piece.title == "hi"
    assert read_midi(file(name + NOTE, kind=0)).piece.title == "hi"
    assert read_midi(file(name + NOTE, NOTE)).piece.title == ""


def test_a_seed_and_a_file_of_a_corpus_are_read_the_same() -> None:
    data = file("00 ff 51 03 08 00 00", "00 b0 40 7f" + NOTE * 5 + "20 b0 40 00")
    careful, quick = read_midi(data), read_midi(data, MidiLimits.for_data())

    for name in ("notes", "tempos", "meters", "pedals"):
        np.testing.assert_array_equal(getattr(careful.piece, name), getattr(quick.piece, name))
