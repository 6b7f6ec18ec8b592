"""Who may read figures without logging in."""

from ipaddress import ip_network

import pytest

from bascule.service.failures import NotFound, OperationFailed
from bascule.service.local.metrics import require_reader

READERS = (ip_network("10.2.0.0/24"), ip_network("fd00:2::/64"))


@pytest.mark.parametrize("source", ["10.2.0.9", "::ffff:10.2.0.9", "fd00:2::1"])
def test_whoever_the_text_names_may(source: str) -> None:
    """Also where a listener for both versions tells his address."""
    require_reader(source, READERS)


@pytest.mark.parametrize(
    "source", ["10.2.1.9", "::ffff:10.2.1.9", "fd00:3::1", "::10.2.0.9", "", "somebody", "fe80::1%eth0"]
)
def test_to_everybody_else_nothing_is_there(source: str) -> None:
    """And to everybody where the text names nobody."""
    for readers in (READERS, ()):
        with pytest.raises(OperationFailed) as refused:
            require_reader(source, readers)
        assert isinstance(refused.value.failure, NotFound)
