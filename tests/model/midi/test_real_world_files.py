"""Files as other programs write them: what a musician means by them. Bytes in hex, one event to a group."""

from __future__ import annotations

import struct

import pytest

from model.errors import MidiError
from model.midi import ReadMidi, is_midi, read_midi, write_midi
from tests.model.midi.midi_bytes import END, NOTE, chunk, file

SECOND = NOTE.replace("90", "91").replace("80 3c", "81 3c")  # the same on channel 2
SCALE = "".join(NOTE.replace("3c", f"{pitch:02x}") for pitch in (60, 62, 64, 65))


LIVE = "Left out messages of a live recording that do not belong in a file."


def players(read: ReadMidi) -> list[tuple[int, bool, int]]:
    """Program, drums and number of notes of each instrument."""
    numbers = read.piece.notes["instrument"].tolist()
    return [(one.program, one.is_drum, numbers.count(index)) for index, one in enumerate(read.piece.instruments)]


def spans(read: ReadMidi) -> list[tuple[int, int, int]]:
    """Onset, duration and pitch of each note."""
    return [row[:3] for row in read.piece.notes.tolist()]


# Programs and drums act on channels


def test_a_program_acts_on_its_channel_whichever_track_holds_it() -> None:
    # programs 40 and 73 in the first track, notes in the two others
    read = read_midi(file("00 c0 28  00 c1 49", SCALE, SECOND))

    assert players(read) == [(40, False, 4), (73, False, 1)]


def test_a_program_change_in_another_track_holds_from_its_tick_on() -> None:
    # at tick 960 (87 40) of the first track the violin becomes a flute
    read = read_midi(file("00 c0 28  87 40 c0 49", SCALE))

    assert players(read) == [(40, False, 2), (73, False, 2)]


def test_two_tracks_that_set_programs_for_one_channel_at_one_tick_keep_their_own() -> None:
    read = read_midi(file("00 c0 05" + NOTE, "00 c0 09" + NOTE))

    assert players(read) == [(5, False, 1), (9, False, 1)]


@pytest.mark.parametrize(
    "setting",
    [
        "00 b0 00 78  00 c0 00",  # GM2: bank select MSB 120
        "00 b0 00 7f  00 c0 00",  # XG: bank select MSB 127
        "00 f0 0a 41 10 42 12 40 11 15 01 19 f7",  # GS: part 1 is a rhythm part
        "00 f0 08 43 10 4c 08 00 07 01 f7",  # XG: part 1 is a drum part
    ],
    ids=["GM2 bank", "XG bank", "GS rhythm part", "XG part mode"],
)
def test_drums_are_drums_on_any_channel(setting: str) -> None:
    assert players(read_midi(file(setting + NOTE, SECOND))) == [(0, True, 1), (0, False, 1)]


def test_channel_ten_is_melodic_where_the_file_says_so() -> None:
    # GS: part 0, which is channel 10, is no rhythm part
    read = read_midi(file("00 f0 0a 41 10 42 12 40 10 15 00 1b f7  00 99 3c 40  10 89 3c 00"))

    assert players(read) == [(0, False, 1)]


def test_a_bank_of_an_older_synthesizer_is_no_drum_kit_after_a_gs_reset() -> None:
    # f0 0a 41 10 42 12 40 00 7f 00 41 f7: GS reset; bank 127 then holds the MT-32's sounds
    read = read_midi(file("00 f0 0a 41 10 42 12 40 00 7f 00 41 f7  00 b0 00 7f  00 c0 05" + NOTE))

    assert players(read) == [(5, False, 1)]


# Notes


@pytest.mark.parametrize("controller", ["7b", "78", "7c", "7f"])
def test_all_notes_off_ends_what_sounds_on_its_channel(controller: str) -> None:
    # C at 0 and E at 0; off at 240 (81 70); D from 240 to 480, ended by another one; channel 2 sounds on
    events = f"00 90 3c 50  00 90 40 50  00 91 30 50  81 70 b0 {controller} 00  00 90 3e 50  81 70 b0 {controller} 00"
    read = read_midi(file(events + "00 81 30 00"))

    assert spans(read) == [(0, 480, 48), (0, 240, 60), (0, 240, 64), (240, 240, 62)]
    assert read.repairs == ()


def test_all_notes_off_in_another_track_ends_notes_as_well() -> None:
    assert spans(read_midi(file("81 70 b0 7b 00", "00 90 3c 50"))) == [(0, 240, 60)]


def test_a_note_is_released_by_another_track_of_its_channel_if_its_own_never_does() -> None:
    read = read_midi(file("00 90 3c 40  00 90 40 40  83 60 80 40 00", "81 70 80 3c 00"))

    assert spans(read) == [(0, 240, 60), (0, 480, 64)]
    assert read.repairs == ()


# Bytes that do not belong


@pytest.mark.parametrize(
    ("events", "remark"),
    [
        ("00 b0 07 80" + SCALE, "1 value above 127 was read as 127."),
        ("00 c0 80" + SCALE, "Left out 1 event with a pitch, program or controller above 127."),
        ("00 90 bc 40" + SCALE, "Left out 1 event with a pitch, program or controller above 127."),
        ("00 e0 00 c0" + SCALE, "1 value above 127 was read as 127."),
        ("00 fe" + SCALE, LIVE),
        (SCALE + "00 f8 00 fa 00 fc 00 ff 01 01 61", LIVE),
        ("00 f2 10 20 00 f6" + SCALE, LIVE),
        # a volume with active sensing between its bytes
        (SCALE + "00 b0 07 fe 64", LIVE),
    ],
)  # fmt: skip
def test_bytes_that_do_not_belong_cost_their_event_alone(events: str, remark: str) -> None:
    read = read_midi(file(events))

    assert [pitch for _, _, pitch in spans(read)] == [60, 62, 64, 65]
    assert read.repairs == (remark,)


def test_a_velocity_above_127_is_the_loudest() -> None:
    read = read_midi(file("00 90 3c c8  83 60 80 3c 00"))

    assert read.piece.notes["velocity"].tolist() == [127]


# Tracks, chunks and headers


def test_tracks_without_notes_do_not_count() -> None:
    lyrics = "00 ff 03 02 68 69"

    assert players(read_midi(file(NOTE, *[lyrics] * 60))) == [(0, False, 1)]


def _with_length(data: bytes, track: int, change: int) -> bytes:
    """`data` with the stated length of a track changed."""
    at = -1
    for _ in range(track):
        at = data.index(b"MTrk", at + 1)
    length = struct.unpack(">I", data[at + 4 : at + 8])[0] + change
    return data[: at + 4] + struct.pack(">I", max(0, length)) + data[at + 8 :]


def _outcome(data: bytes) -> str | tuple[int, bool]:
    """The code of a refusal, or how many notes there are and whether something is said of the file."""
    try:
        read = read_midi(data)
    except MidiError as refused:
        return refused.code
    return len(read.piece), bool(read.repairs)


@pytest.mark.parametrize("change", [-20, -7, -4, -1, 1, 2, 8, 30, 5000])
@pytest.mark.parametrize("track", [1, 2, 3])
def test_a_wrong_length_of_a_track_loses_no_hand_in_silence(track: int, change: int) -> None:
    data = _with_length(
        file("00 ff 51 03 07 a1 20  00 ff 58 04 03 02 18 08", SCALE, SCALE.replace(" 90", " 91")), track, change
    )

    outcome = _outcome(data)

    assert outcome == "damaged" or outcome == (8, True)


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_lengths_that_a_program_never_filled_in_are_made_up_for(length: int) -> None:
    tracks = [chunk(SCALE), chunk(SCALE.replace("90", "91").replace("80 3", "81 3").replace("80 4", "81 4"))]
    unfilled = [track[:4] + struct.pack(">I", length) + track[8:] for track in tracks]

    assert len(read_midi(file(*unfilled)).piece) == 8


def test_a_text_may_hold_the_name_of_a_chunk() -> None:
    # ff 01 04 'MTrk'
    read = read_midi(file("00 ff 01 04 4d 54 72 6b" + SCALE, NOTE))

    assert len(read.piece) == 5
    assert read.repairs == ()


def test_a_missing_track_is_said() -> None:
    data = bytearray(file(SCALE, SCALE))
    data[10:12] = b"\x00\x03"

    assert read_midi(bytes(data)).repairs == ("The header promises 3 tracks, and 2 are in the file.",)


@pytest.mark.parametrize(
    "before",
    [b"HTTP/1.0 200 OK\r\n" + b"X" * 500, bytes(128), b"\xef\xbb\xbf", b"\r\n"],
    ids=["a web server's", "MacBinary", "a byte order mark", "a line"],
)
def test_bytes_before_the_header_are_skipped(before: bytes) -> None:
    read = read_midi(before + file(SCALE))

    assert len(read.piece) == 4
    assert read.repairs == ("Bytes before the MIDI header were ignored.",)


def test_an_info_chunk_may_stand_before_the_music_in_a_riff_file() -> None:
    plain = file(SCALE)
    info = b"LIST" + struct.pack("<I", 300) + b"INFOINAM" + struct.pack("<I", 288) + b"x" * 288
    body = b"RMID" + info + b"data" + struct.pack("<I", len(plain)) + plain

    assert len(read_midi(b"RIFF" + struct.pack("<I", len(body)) + body).piece) == 4


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (file(NOTE), True),
        (bytes(128) + file(NOTE), True),
        (b"RIFF\x10\x00\x00\x00RMIDdata" + file(NOTE), True),
        (b"RIFF\x10\x00\x00\x00WAVEdata" + file(NOTE), False),
        (b"PK\x03\x04" + file(NOTE), False),
        (b"a.mid".ljust(257, b"\0") + b"ustar" + bytes(250) + file(NOTE), False),
        (b"", False),
        (b"MThX", False),
    ],
)
def test_a_midi_file_is_known_by_its_bytes(data: bytes, expected: bool) -> None:
    assert is_midi(data) is expected


@pytest.mark.parametrize(("kind", "tracks"), [(2, 1), (29697, 1), (3, 2), (65535, 2)])
def test_odd_formats_are_read(kind: int, tracks: int) -> None:
    read = read_midi(file(*[SCALE] * tracks, kind=kind))

    assert len(read.piece) == 4 * tracks


def test_format_2_with_one_sequence_beside_texts_is_read() -> None:
    assert len(read_midi(file("00 ff 03 02 68 69", SCALE, kind=2)).piece) == 4


@pytest.mark.parametrize(
    ("division", "ticks", "seconds"),
    [
        (10, "0a", 0.5),  # ten ticks make a quarter note of half a second
        (1, "01", 0.5),
        (23, "17", 0.5),
        (0xE728, "83 74", 0.5),  # 25 frames of 40 ticks: 500 ticks are half a second
        (0xE801, "0c", 0.5),  # 24 frames of one tick
        (0xE250, "89 30", 0.5),  # 30 frames of 80 ticks: 1,200
        (0xE350, "89 30", 0.5005),  # 29.97 frames a second
        (0xE701, "19", 1.0),  # 25 frames of one tick: an odd number of ticks a second
    ],
)
def test_time_is_what_the_header_says(division: int, ticks: str, seconds: float) -> None:
    read = read_midi(file(f"00 90 3c 40  {ticks} 80 3c 00  00 90 3e 40  {ticks} 80 3e 00", division=division))

    assert read.piece.offsets_s.tolist() == pytest.approx([seconds, 2 * seconds])
    assert read.piece.ticks_per_quarter >= 24


def test_a_tempo_in_a_file_that_counts_film_frames_changes_no_time() -> None:
    # ff 51 03 0f 42 40: 60 bpm
    read = read_midi(file("00 ff 51 03 0f 42 40  00 90 3c 40  83 74 80 3c 00", division=0xE728))

    assert read.piece.end_s == pytest.approx(0.5)


# What a piece keeps


def test_key_signatures_survive_reading_and_writing() -> None:
    # three flats, major; at 480 one sharp, minor
    read = read_midi(file("00 ff 59 02 fd 00" + NOTE + "00 ff 59 02 01 01" + NOTE))

    assert read.piece.key_signatures.tolist() == [(0, -3, False), (480, 1, True)]
    assert read_midi(write_midi(read.piece)).piece.key_signatures.tolist() == [(0, -3, False), (480, 1, True)]


def test_volume_pan_expression_and_bends_survive_reading_and_writing() -> None:
    # volume 100 and 20, pan 0, expression 90 at 480; bend up by 2048 of 8192, then back
    one = "00 b0 07 64  00 b0 0a 00" + NOTE + "00 b0 0b 5a" + NOTE
    other = "00 b1 07 14  00 e1 00 50" + SECOND + "00 e1 00 40" + SECOND
    read = read_midi(file(one, other))

    controls = [(0, 7, 100, 0), (0, 10, 0, 0), (0, 7, 20, 1), (480, 11, 90, 0)]
    bends = [(0, 2048, 2, 1), (480, 0, 2, 1)]
    for piece in (read.piece, read_midi(write_midi(read.piece)).piece):
        assert sorted(piece.controls.tolist()) == sorted(controls)
        assert piece.bends.tolist() == bends


def test_how_far_a_bend_reaches_survives() -> None:
    # registered parameter 0 (65 00, 64 00) set to 12 semitones (06 0c), then a bend to the top
    read = read_midi(file("00 b0 65 00  00 b0 64 00  00 b0 06 0c  00 e0 7f 7f" + NOTE))

    assert read.piece.bends.tolist() == [(0, 8191, 12, 0)]
    assert read_midi(write_midi(read.piece)).piece.bends.tolist() == [(0, 8191, 12, 0)]


def test_changes_behind_the_last_note_are_no_part_of_the_piece() -> None:
    # a slow tempo, another meter and another key a beat after the end
    after = "83 60 ff 51 03 1e 84 80  00 ff 58 04 03 02 18 08  00 ff 59 02 02 00"
    read = read_midi(file(SCALE + after))

    assert read.piece.tempos.tolist() == [(0, 500_000)]
    assert read.piece.meters.tolist() == [(0, 4, 4)]
    assert len(read.piece.key_signatures) == 0


# Texts


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Für Elise", "utf-8"),
        ("Für Elise", "utf-8-sig"),
        ("Für Elise", "utf-16"),
        ("Für Elise", "utf-16-le"),
        ("Für Elise", "utf-16-be"),
        ("さくらさくら", "utf-16"),
        ("Für Elise", "latin-1"),
        ("Prélude", "cp1252"),
        ("Flûte", "cp1252"),
        ("Dvořák: Humoreska", "cp1250"),
        ("Калинка", "cp1251"),
        ("Подмосковные вечера", "koi8-r"),
        ("さくらさくら", "cp932"),
        ("千本桜", "cp932"),
        ("春の海", "euc-jp"),
        ("月亮代表我的心", "big5"),
        ("小提琴", "big5"),
        ("小提琴", "gb18030"),
        ("아리랑", "cp949"),
    ],
)
def test_names_are_read_in_the_encoding_they_have(name: str, encoding: str) -> None:
    text = name.encode(encoding)
    body = bytes.fromhex("00 ff 03") + bytes([len(text)]) + text + bytes.fromhex(NOTE.replace(" ", "")) + END
    read = read_midi(file(b"MTrk" + struct.pack(">I", len(body)) + body, kind=0))

    assert read.piece.title == name
    assert read.piece.instruments[0].name == name
    assert read_midi(write_midi(read.piece)).piece.title == name


def test_all_texts_of_a_file_tell_its_encoding_together() -> None:
    # the first name alone could be of several encodings
    names = ["茉莉花", "月亮代表我的心", "小提琴"]
    tracks = []
    for name in names:
        text = name.encode("big5")
        body = bytes([0, 0xFF, 3, len(text)]) + text + bytes.fromhex(NOTE.replace(" ", "")) + END
        tracks.append(b"MTrk" + struct.pack(">I", len(body)) + body)

    assert [one.name for one in read_midi(file(*tracks)).piece.instruments] == names
