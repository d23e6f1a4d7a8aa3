"""Fetching: whole and right or not there at all, resumed, and refused in sentences; from a real server here."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.corpora import downloads
from model.corpora.downloads import check, fetch
from model.errors import DataError

CONTENT = bytes(range(256)) * 2_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Published:
    """A server that misbehaves on purpose, and the ranges it was asked for."""

    address: str = ""
    content: bytes = CONTENT
    breaks_after: list[int] = field(default_factory=list)  # bytes, for one request each; later ones are whole
    statuses: list[int] = field(default_factory=list)  # to answer with, for one request each
    resumes: bool = True
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[Published]:
    monkeypatch.setattr(downloads, "PAUSE_S", 0.01)
    state = Published()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.headers.get("Range"))
            if state.statuses:
                self.send_error(state.statuses.pop(0))
                return
            start = int(re.findall(r"\d+", self.headers.get("Range", "0"))[0]) if state.resumes else 0
            if start >= len(state.content):
                self.send_error(416)
                return
            rest = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: state.breaks_after.pop(0)] if state.breaks_after else rest)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    state.address = f"http://127.0.0.1:{server.server_port}/data.zip"
    yield state
    server.shutdown()
    server.server_close()


def test_a_file_is_fetched_once_with_a_bar_and_verified(published, tmp_path, capsys):
    target = tmp_path / "fetched" / "data.zip"
    for _ in range(2):
        assert fetch(published.address, target, SHA256) == target
    assert target.read_bytes() == CONTENT
    assert published.asked == [None]
    assert "data.zip: 100%" in capsys.readouterr().err
    assert [path.name for path in target.parent.iterdir()] == ["data.zip"]


def test_a_transfer_that_breaks_off_goes_on_where_it_stood(published, tmp_path):
    published.breaks_after = [100_000, 200_000]
    assert fetch(published.address, tmp_path / "data.zip", SHA256).read_bytes() == CONTENT
    assert published.asked == [None, "bytes=100000-", "bytes=300000-"]


def test_a_run_after_a_kill_goes_on_where_the_last_one_stood(published, tmp_path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:77])
    assert fetch(published.address, tmp_path / "data.zip", SHA256).read_bytes() == CONTENT
    assert published.asked == ["bytes=77-"]


def test_a_server_that_does_not_resume_is_read_from_the_start(published, tmp_path):
    published.resumes = False
    published.breaks_after = [100_000]
    assert fetch(published.address, tmp_path / "data.zip", SHA256).read_bytes() == CONTENT


def test_a_rest_that_is_longer_than_the_file_is_thrown_away(published, tmp_path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT + b"more")
    assert fetch(published.address, tmp_path / "data.zip", SHA256).read_bytes() == CONTENT


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(published, tmp_path):
    published.statuses = [503, 500]
    assert fetch(published.address, tmp_path / "data.zip", SHA256).read_bytes() == CONTENT
    published.statuses = [404]
    published.asked.clear()
    with pytest.raises(DataError, match=r"cannot be fetched \(404 Not Found\).*--from other\.zip"):
        fetch(published.address, tmp_path / "other.zip", SHA256)
    assert len(published.asked) == 1


def test_another_file_than_the_published_one_is_refused_and_not_kept(published, tmp_path):
    published.content = CONTENT[:-1] + b"!"
    with pytest.raises(DataError, match=f"not the published file: its SHA-256 is .*{SHA256}"):
        fetch(published.address, tmp_path / "data.zip", SHA256)
    assert not list(tmp_path.iterdir())
    published.content = CONTENT
    assert fetch(published.address, tmp_path / "data.zip", SHA256).read_bytes() == CONTENT


def test_a_fetched_file_that_was_damaged_since_is_refused(tmp_path):
    (tmp_path / "data.zip").write_bytes(b"damaged")
    with pytest.raises(DataError, match="Delete it and fetch it again"):
        fetch("http://127.0.0.1:9/data.zip", tmp_path / "data.zip", SHA256)


def test_a_file_that_never_ends_is_refused(published, tmp_path):
    with pytest.raises(DataError, match="larger than 0 MiB"):
        fetch(published.address, tmp_path / "data.zip", SHA256, largest=1000)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.zip", "ftp://example.org/a.zip", "file:///etc/passwd"])
def test_an_address_that_leads_nowhere_is_told_in_a_sentence(tmp_path, monkeypatch, address):
    monkeypatch.setattr(downloads, "PAUSE_S", 0.0)
    with pytest.raises(DataError, match=r"cannot be fetched|begins with http"):
        fetch(address, tmp_path / "a.zip", SHA256)


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(published, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match="make room, or name another --cache"):
        fetch(published.address, tmp_path / "file" / "data.zip", SHA256)


def test_without_a_published_checksum_nothing_is_compared(tmp_path):
    check(tmp_path / "missing", None)
    with pytest.raises(DataError, match="cannot be read"):
        check(tmp_path / "missing", SHA256)
