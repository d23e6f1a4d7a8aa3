"""`python -m worker.render`: a MIDI file as audio, or a sentence."""

from __future__ import annotations

from model.midi import write_midi
from model.piece import NOTE, Piece, table
from worker.render.__main__ import main


def test_a_midi_file_becomes_an_mp3(tmp_path, capsys):
    midi, audio = tmp_path / "a.mid", tmp_path / "a.mp3"
    midi.write_bytes(write_midi(Piece(notes=table(NOTE, [(0, 480, 60, 80, 0)]))))
    assert main([str(midi), str(audio)]) == 0
    assert audio.read_bytes()[:3] == b"ID3"
    assert capsys.readouterr().out.strip() == str(audio)


def test_what_cannot_be_played_is_said(tmp_path, capsys):
    (tmp_path / "a.mid").write_bytes(b"no music")
    assert main([str(tmp_path / "a.mid"), str(tmp_path / "a.mp3")]) == 1
    assert "a.mp3 could not be made" in capsys.readouterr().err
    assert main([]) == 2
