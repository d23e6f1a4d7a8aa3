"""What crosses Redis: versions, limits, round trips."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jobs import contract
from jobs.contract import ComposeRequest, ComposeResult, Controls, Mode, Originality, Stage
from jobs.errors import UnreadableRecord
from jobs.progress import ProgressReporter
from jobs.records import RecordStore

MIDI = {"digest": "0" * 64, "size": 4, "name": "a.mid", "content_type": "audio/midi"}
REQUEST_OF_VERSION_ONE = {
    "version": 1, "job_id": "1", "requester_id": 2, "guild_id": None, "channel_id": 3, "model": "piano", "seed": MIDI,
    "length_s": 30.0, "temperature": 1.0, "random_seed": 7, "include_seed": True, "private": False, "parent_id": None,
}  # fmt: skip
RESULT_OF_VERSION_ONE = {
    "version": 1, "job_id": "1", "midi": MIDI, "audio": None, "picture": None, "model": "piano", "model_version": "a",
    "notes": 3, "duration_s": 2.0, "seed_s": 1.0, "random_seed": 7, "remarks": ["Hm."], "stopped": False, "timings": {},
}  # fmt: skip

shares = st.floats(0, 1, allow_nan=False)
lengths = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"length_s": st.floats(contract.MIN_LENGTH_S, contract.MAX_LENGTH_S)}),
    st.fixed_dictionaries({"bars": st.integers(contract.MIN_BARS, contract.MAX_BARS)}),
)
wishes = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(Mode),
        "style": st.text(min_size=1, max_size=60),
        "key": st.sampled_from(["C major", "f#m", "Bb", "E♭ minor", " a min "]),
        "tempo_bpm": st.floats(contract.MIN_TEMPO_BPM, contract.MAX_TEMPO_BPM),
        "meter": st.sampled_from(["4/4", "12/8"]),
        "density": st.integers(1, 5),
        "instruments": st.lists(st.text(min_size=1, max_size=60), max_size=contract.MAX_INSTRUMENTS).map(tuple),
        "strength": shares,
        "top_k": st.integers(1, contract.MAX_TOP_K),
        "top_p": st.floats(contract.MIN_TOP_P, 1),
        "min_p": st.floats(0, contract.MAX_MIN_P),
    },
)


@given(wishes, lengths)
def test_a_request_comes_back_from_json_as_it_was(wish, length):
    request = ComposeRequest(job_id="1", requester_id=2, channel_id=3, random_seed=4, **wish, **length)
    assert ComposeRequest.model_validate_json(request.model_dump_json()) == request
    assert request.controls.asked == request.asked


@given(st.none() | shares, st.none() | shares, st.integers(0, 10_000))
def test_a_result_comes_back_from_json_as_it_was(share, human, run):
    said = RESULT_OF_VERSION_ONE | {
        "version": 3,
        "model_choice": "It fits.",
        "controls": Controls(key="C major", instruments=("bass",)),
        "originality": Originality(share_8=share, share_16=share, longest_run=run, human_share_16=human),
        "ended": True,
    }
    result = ComposeResult.model_validate(said)
    assert ComposeResult.model_validate_json(result.model_dump_json()) == result


def test_what_version_one_asked_means_the_same_now():
    request = ComposeRequest.model_validate(REQUEST_OF_VERSION_ONE)
    assert (request.version, request.model, request.length_s, request.mode) == (3, "piano", 30.0, Mode.CONTINUE)
    assert request.asked == {}


def test_a_result_of_version_one_can_still_be_shown():
    result = ComposeResult.model_validate(RESULT_OF_VERSION_ONE)
    assert (result.version, result.originality, result.ended, result.remarks) == (3, None, None, ("Hm.",))


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 4}, {"length_s": 30.0, "bars": 8}, {"bars": 0}, {"density": 6}, {"key": "H major"}, {"key": "Cx"},
        {"meter": "three"}, {"tempo_bpm": 5}, {"strength": 1.1}, {"top_p": 0}, {"instruments": [""]}, {"mode": "sing"},
        {"instruments": ["bass"] * 17}, {"colour": "blue"},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(wrong):
    said = {name: value for name, value in REQUEST_OF_VERSION_ONE.items() if name not in ("version", "length_s")}
    ComposeRequest.model_validate(said)
    with pytest.raises(ValidationError):
        ComposeRequest.model_validate(said | wrong)


@pytest.fixture
async def stranger(job_client, a_worker, ask, valkey) -> str:
    """A job whose record a later version wrote."""
    request, delivery = ask()
    await job_client.submit(request, delivery)
    key = f"cadenza:record:{request.job_id}"
    said = json.loads(valkey.client.hget(key, "request")) | {"version": 99, "wish": "unheard of"}
    valkey.client.hset(key, "request", json.dumps(said))
    return request.job_id


async def test_a_record_of_a_version_nobody_knows_is_refused_in_a_sentence(job_client, stranger):
    with pytest.raises(UnreadableRecord) as refusal:
        await job_client.record(stranger)
    assert "stored by another version of Cadenza" in refusal.value.sentence


async def test_such_a_record_is_passed_over_and_can_be_failed(job_client, stranger, ask, settings, valkey):
    request, delivery = ask()
    await job_client.submit(request, delivery)
    assert [record.job_id for record in await job_client.open_records()] == [request.job_id]
    failure = contract.Failure(code="unreadable_record", sentence="It cannot be read.")
    assert ProgressReporter(stranger, valkey.client, settings).failed(failure)
    assert valkey.client.hget(f"cadenza:record:{stranger}", "stage") == Stage.FAILED.encode()


def test_an_unreadable_record_is_no_missing_one(valkey, settings):
    assert RecordStore(valkey.client, settings).find("nothing") is None
