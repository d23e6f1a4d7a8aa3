"""Files are named by what is in them, live for a while, and have a limit."""

from __future__ import annotations

import pytest

from jobs.blobs import BlobStore
from jobs.contract import BlobRef
from jobs.errors import BlobGone, BlobTooBig
from jobs.settings import JobSettings


async def test_a_file_comes_back_as_it_went_in(board):
    data = bytes(range(256)) * 1000
    ref = await board.put_blob(data, "ä.mid", "audio/midi")
    assert (ref.size, ref.name, ref.content_type) == (256_000, "ä.mid", "audio/midi")
    assert await board.get_blob(ref) == data


async def test_the_same_bytes_are_kept_once(board, valkey):
    refs = [await board.put_blob(b"same", name) for name in ("a", "b")]
    assert refs[0].digest == refs[1].digest
    assert len(valkey.client.keys("cadenza:blob:*")) == 1


async def test_reading_a_file_renews_its_life(board, valkey):
    ref = await board.put_blob(b"old", "a")
    key = f"cadenza:blob:{ref.digest}"
    valkey.client.expire(key, 5)
    await board.get_blob(ref)
    assert valkey.client.ttl(key) > 1000


async def test_a_file_that_is_gone_is_named(board):
    with pytest.raises(BlobGone) as error:
        await board.get_blob(BlobRef(digest="f" * 64, size=1, name="mine.mid"))
    assert "mine.mid" in error.value.sentence


def test_a_file_over_the_limit_is_refused(valkey):
    store = BlobStore(valkey.client, JobSettings(blob_limit_bytes=3 * 2**20))
    with pytest.raises(BlobTooBig) as error:
        store.put(b"x" * (3 * 2**20 + 1), "big.mid", "audio/midi")
    assert "3 MiB" in error.value.sentence
