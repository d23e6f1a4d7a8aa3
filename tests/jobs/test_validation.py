"""What a member typed that no request may hold: a sentence, never an incident."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jobs.admission import invalid_request, validated
from jobs.contract import ComposeRequest, ComposeResult, CreateDataSet, RemoveFromDataSet, TrainRequest
from jobs.errors import InvalidRequest

WHO = {"job_id": "1", "requester_id": 1, "guild_id": 2, "channel_id": 3, "random_seed": 1}
SET = {"name": "a", "licence": "cc0"}


LONG = "x" * 61


@pytest.mark.parametrize(
    ("kind", "fields", "sentence"),
    [
        (ComposeRequest, WHO | {"style": LONG}, "The style is too long. The limit is 60 characters."),
        (
            ComposeRequest,
            WHO | {"instruments": (LONG,)},
            "One of the instruments is too long. The limit is 60 characters.",
        ),
        (ComposeRequest, WHO | {"instruments": ("piano",) * 17}, "Too many instruments. The limit is 16."),
        (ComposeRequest, WHO | {"tempo_bpm": 900}, "The tempo must be at most 400."),
        (ComposeRequest, WHO | {"length_s": 10, "bars": 3}, "A length is given in seconds or in bars, not in both."),
        (CreateDataSet, SET | {"note": "x" * 201}, "The licence note is too long. The limit is 200 characters."),
        (
            RemoveFromDataSet,
            {"name": "a", "pieces": ("x" * 300,)},
            "One of the pieces is too long. The limit is 200 characters.",
        ),
        (
            TrainRequest,
            WHO | {"data_set": LONG, "name": "a", "base": "b"},
            "The data set isn’t valid. Check the spelling and try again.",
        ),
    ],
)
def test_the_sentence_names_the_option_and_its_limit(kind, fields, sentence):
    with pytest.raises(InvalidRequest) as refusal:
        validated(kind, fields)
    assert refusal.value.sentence == sentence
    with pytest.raises(ValidationError) as error:
        kind.model_validate(fields)
    assert invalid_request(error.value).sentence == sentence


def test_a_result_that_is_not_valid_is_a_fault_of_ours():
    with pytest.raises(ValidationError) as error:
        ComposeResult.model_validate({})
    assert invalid_request(error.value) is None
