"""Root, the owner, accounts and groups; everybody else is nobody."""

from datetime import UTC, datetime

import pytest

from bascule.service.local.recognizing import recognizer
from bascule.service.peer import Peer
from bascule.service.permissions import Role
from bascule.store.accounts import Account
from bed.accounts import MemoryAccounts

GROUPS = {"bascule-administrator": 501, "bascule-viewer": 503}
ALICE = Account(name="alice", role="operator", since=datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("peer", "role"),
    [
        (Peer(uid=0, pid=1, user="root"), Role.ADMINISTRATOR),
        (Peer(uid=1001, pid=1, user="_bascule-net"), Role.ADMINISTRATOR),
        (Peer(uid=1002, pid=1, user="alice"), Role.OPERATOR),
        (Peer(uid=1002, pid=1, user="alice", groups=frozenset({501})), Role.OPERATOR),
        (Peer(uid=1003, pid=1, user="bob", groups=frozenset({503, 7})), Role.VIEWER),
        (Peer(uid=1003, pid=1, user="bob", groups=frozenset({503, 501})), Role.ADMINISTRATOR),
        (Peer(uid=1003, pid=1, user="bob", groups=frozenset({502})), None),
        (Peer(uid=1003, pid=1, user="bob"), None),
    ],
)
async def test_who_is_what(peer: Peer, role: Role | None) -> None:
    """An account counts before groups, and of two groups the one that may more."""
    recognize = recognizer(1001, MemoryAccounts(ALICE), GROUPS.get)
    assert await recognize(peer) is role


async def test_a_file_alone_has_no_accounts() -> None:
    """Nor do groups count there."""
    recognize = recognizer(1001, None, GROUPS.get)
    assert await recognize(Peer(uid=1003, pid=1, user="bob", groups=frozenset({501}))) is None
    assert await recognize(Peer(uid=1001, pid=1, user="me")) is Role.ADMINISTRATOR
