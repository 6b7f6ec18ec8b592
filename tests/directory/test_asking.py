"""Who binds, as whom, and what is asked then: by a conversation that a test makes up."""

from collections.abc import Mapping, Sequence

import pytest

from bascule.directory.asking import answered, membership, principal, user_filter
from bascule.directory.conversation import Bound
from bascule.directory.wire import Member, Question, Server, Stranger

ALICE = "CN=Alice (IT),OU=Staff,DC=example,DC=com"
RIGHT = "right"
ADMINS, HELPDESK = "CN=Admins,DC=example,DC=com", "CN=Helpdesk,DC=example,DC=com"


class Pretended:
    """A domain: who may bind by which name, who is found, and who is in which group."""

    def __init__(
        self,
        binds: Mapping[str, str],
        users: Sequence[tuple[str, str]] = ((ALICE, "Alice"),),
        groups: Mapping[str, str] | None = None,
        *,
        expired: bool = False,
    ) -> None:
        self._binds = binds
        self._users = users
        self._groups = groups or {}
        self._expired = expired
        self.bound: list[str] = []

    def bind(self, name: str, password: str) -> Bound:
        """Compare."""
        self.bound.append(name)
        return Bound(taken=self._binds.get(name) == password, expired=self._expired)

    def found(self, at: str, asked: str, *, below: bool, attribute: str = "1.1") -> Sequence[tuple[str, str]]:
        """Find the users, or a group by its member."""
        if below:
            assert attribute == "sAMAccountName"
            return self._users
        return [(at, "")] if asked == membership(self._groups.get(at, "")) else []


def question(name: str = "alice", password: str = RIGHT, domain: str = "example.com", entry: str = "") -> Question:
    """Return one about two groups."""
    server = Server(host="dc1.example.com", port=636)
    base = "DC=example,DC=com" if domain else ""
    groups = (ADMINS, HELPDESK)
    return Question(server=server, domain=domain, base=base, entry=entry, groups=groups, name=name, password=password)


def test_a_user_of_the_domain_has_his_groups() -> None:
    """And the name of his account, also where he came by another."""
    domain = Pretended({"a.adams@corp.example": RIGHT, ALICE: RIGHT}, groups={HELPDESK: ALICE})
    assert answered(question("a.adams@corp.example"), domain) == Member(name="Alice", groups=(1,))
    assert domain.bound == ["a.adams@corp.example", ALICE]


def test_whoever_binds_by_anothers_name_is_nobody() -> None:
    """Active Directory binds by display names, too, which people change: the entry's own password has to be the one."""
    mallory_as_alice = Pretended({"alice@example.com": "mallory's", ALICE: RIGHT}, groups={ADMINS: ALICE})
    assert answered(question(password="mallory's"), mallory_as_alice) == Stranger()


@pytest.mark.parametrize("users", [(), ((ALICE, "Alice"), ("CN=Other", "Other")), ((ALICE, ""),)])
def test_whoever_is_not_one_user_is_nobody(users: Sequence[tuple[str, str]]) -> None:
    """Not found, found twice, or without a name of his own."""
    assert answered(question(), Pretended({"alice@example.com": RIGHT, ALICE: RIGHT}, users)) == Stranger()


def test_an_empty_password_is_never_sent() -> None:
    """A server would take it for nobody's, with success (RFC 4513, 5.1.2)."""
    domain = Pretended({"alice@example.com": "", ALICE: ""}, groups={ADMINS: ALICE})
    assert answered(question(password=""), domain) == Stranger()
    assert domain.bound == []


def test_a_password_that_has_expired_is_said() -> None:
    """It is right, and opens nothing."""
    assert answered(question(), Pretended({}, expired=True)) == Stranger(expired=True)


def test_names_cannot_leave_their_place() -> None:
    """In a distinguished name (RFC 4514) and in a filter (RFC 4515)."""
    entry = "uid={name},ou=people"
    other = Pretended({})
    answered(question("x,ou=admins+a=b", domain="", entry=entry), other)
    assert other.bound == [r"uid=x\,ou\=admins\+a\=b,ou=people"]
    assert user_filter("a*)(b", "example.com") == (
        r"(&(objectClass=user)(|(userPrincipalName=a\2a\29\28b@example.com)(sAMAccountName=a\2a\29\28b)))"
    )
    assert membership(ALICE).startswith(r"(|(member=CN=Alice \28IT\29,OU=Staff,DC=example,DC=com)(member:1.2.840.")


def test_a_principal_of_another_suffix_is_no_account_of_the_domain() -> None:
    """`alice@partner.example` is not the domain's alice."""
    assert principal("alice", "example.com") == "alice@example.com"
    assert user_filter("alice@example.com", "Example.com").count("sAMAccountName=alice") == 1
    assert "sAMAccountName" not in user_filter("alice@partner.example", "example.com")
