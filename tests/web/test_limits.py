"""How many pieces an address may ask for, and which address a request has."""

from __future__ import annotations

import pytest

from web.limits import AddressLimit, TooManyPieces, address_of, requester_of


class Clock:
    """Seconds, as a test sets them."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_address_has_its_share_of_each_hour():
    # Given a limit of two pieces an hour, when an address asks for the third
    clock = Clock()
    limit = AddressLimit(2, clock)
    limit.take("192.0.2.1")
    clock.now = 600.0
    limit.take("192.0.2.1")
    with pytest.raises(TooManyPieces) as refused:
        limit.take("192.0.2.1")
    # Then it is told when the first one is an hour ago, and others are not touched
    assert refused.value.wait_s == 3000
    assert "Try again in 50 minutes" in refused.value.sentence
    limit.take("192.0.2.2")
    clock.now = 3600.0
    limit.take("192.0.2.1")


def test_one_household_is_one_address():
    limit = AddressLimit(1, Clock())
    limit.take("2001:db8:1:2::1")
    with pytest.raises(TooManyPieces):
        limit.take("2001:db8:1:2:ffff::9")
    limit.take("2001:db8:1:3::1")
    assert requester_of("2001:db8:1:2::1") == requester_of("2001:db8:1:2::2") != requester_of("192.0.2.1")
    assert 0 < requester_of("192.0.2.1") < 2**63


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ([], 0, "10.0.0.9"),
        (["192.0.2.7"], 0, "10.0.0.9"),  # nobody of ours wrote that
        (["192.0.2.7"], 1, "192.0.2.7"),
        (["198.51.100.1", "192.0.2.7"], 1, "192.0.2.7"),  # the first was claimed by whoever asks
        (["198.51.100.1", "192.0.2.7", "10.0.0.8"], 2, "192.0.2.7"),
        ([], 1, "10.0.0.9"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(forwarded, proxies, address):
    assert address_of("10.0.0.9", forwarded, proxies) == address
