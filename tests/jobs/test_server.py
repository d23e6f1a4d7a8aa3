"""The shared server fixture: on loopback, behind a password, empty for each test."""

import pytest
import redis


@pytest.mark.parametrize("_round", [1, 2])
def test_each_test_gets_an_empty_server(valkey, _round):
    assert valkey.client.dbsize() == 0
    valkey.client.set("left", "over")


def test_the_server_refuses_who_has_no_password(valkey):
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=valkey.port, retry=None).ping()
