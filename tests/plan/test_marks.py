"""A mark that a live session may carry never names anybody else."""

from collections.abc import Sequence
from ipaddress import IPv4Address, ip_address
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bascule.plan.marks import OutOfMarks, allocate
from bascule.plan.model import FIRST_MARK, LAST_MARK, Endpoint, MarkOwner


def owner(number: int, service: str = "HTTPS <exchange>") -> MarkOwner:
    """Return the owner for a host of a service."""
    return MarkOwner(service, Endpoint(IPv4Address(0x0A000000 + number), 443))


owners = st.builds(owner, st.integers(0, 300), st.sampled_from(["HTTPS <exchange>", "IMAP <exchange>"]))


@given(st.lists(st.lists(owners, max_size=20), max_size=5))
def test_who_has_a_mark_keeps_it(deployments: Sequence[Sequence[MarkOwner]]) -> None:
    """Through any row of deployments marks are unique, within our range, and stay."""
    marks: dict[MarkOwner, int] = {}
    for wanted in deployments:
        after = allocate(marks, wanted)
        assert marks.items() <= after.items()
        assert after.keys() == marks.keys() | set(wanted)
        assert len(set(after.values())) == len(after)
        assert all(FIRST_MARK <= mark <= LAST_MARK for mark in after.values())
        marks = after


@given(st.lists(owners, unique=True), st.randoms())
def test_two_nodes_from_scratch_agree(wanted: Sequence[MarkOwner], chance: Random) -> None:
    """Marks follow from the owners alone, in whatever order they are asked for."""
    shuffled = list(wanted)
    chance.shuffle(shuffled)
    assert allocate({}, wanted) == allocate({}, shuffled)


def test_a_taken_mark_is_passed_over() -> None:
    """A new owner whose mark somebody holds gets the next free one."""
    (mark,) = allocate({}, [owner(1)]).values()
    assert allocate({owner(2): mark}, [owner(1)]) == {owner(2): mark, owner(1): mark + 1}


def test_the_last_mark_is_followed_by_the_first() -> None:
    """The search for a free mark goes round."""
    (mark,) = allocate({}, [owner(1)]).values()
    taken = {owner(number): held for number, held in enumerate(range(mark, LAST_MARK + 1), 2)}
    assert allocate(taken, [owner(1)])[owner(1)] == FIRST_MARK


def test_no_mark_is_left() -> None:
    """With 65,535 marks taken the next owner is refused, and those that have one are not."""
    full = {owner(number): mark for number, mark in enumerate(range(FIRST_MARK, LAST_MARK + 1))}
    assert allocate(full, [owner(0)]) == full
    with pytest.raises(OutOfMarks, match="65535"):
        allocate(full, [owner(70_000)])


@pytest.mark.parametrize("relay", ["x" * 63, "Grüße", 'a"b', "a\nb"])
def test_an_owner_is_written_in_plain_ascii(relay: str) -> None:
    """A name that the kernel's comment cannot hold is told by its hash, and another name by another hash."""
    endpoint = Endpoint(ip_address("10.80.2.1"), 443)
    service = MarkOwner.of(relay, "t" * 63, endpoint).service
    assert len(service) <= 100
    assert service.isascii()
    assert service.isprintable()
    assert '"' not in service
    assert service != MarkOwner.of(relay + "!", "t" * 63, endpoint).service


def test_an_owner_of_a_plain_name_can_be_read() -> None:
    """`nft list` shows whose mark it is."""
    assert MarkOwner.of("HTTPS", "exchange", Endpoint(ip_address("10.80.2.1"), 443)).service == "HTTPS <exchange>"
