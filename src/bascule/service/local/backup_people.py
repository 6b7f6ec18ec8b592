"""Who may do what by a backup, held against who may now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.service.restoring import PersonRow
from bascule.store.accounts import Account, DatabaseAccounts
from bascule.store.database import Database
from bascule.store.second_factors import DatabaseSecondFactors


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and all that proves it."""

    account: Account
    secret: str
    """Of its second factor; empty where it has none."""

    @property
    def proof(self) -> tuple[str, str]:
        """Return what lets somebody in by it."""
        return self.account.password, self.secret


def people_of(database: Database) -> Mapping[str, Person]:
    """Return everybody of a file, by name. Raises MachineError."""
    factors = {each.account: each.secret for each in DatabaseSecondFactors(database).every()}
    return {each.name: Person(each, factors.get(each.name, "")) for each in DatabaseAccounts(database).every()}


def changed(now: Mapping[str, Person], then: Mapping[str, Person]) -> Iterator[PersonRow]:
    """Yield whoever comes, goes, or is not what he was, by name."""
    for name in sorted({*now, *then}):
        mine, theirs = now.get(name), then.get(name)
        roles = (mine.account.role if mine else "", theirs.account.role if theirs else "")
        other = mine is not None and theirs is not None and mine.proof != theirs.proof
        if other or roles[0] != roles[1]:
            yield PersonRow(name=name, now=roles[0], then=roles[1], proof=other)


def doubts(then: Mapping[str, Person], rows: Sequence[PersonRow], context: Context) -> Iterator[str]:
    """Yield what to think of before a restore, about who can log in after it."""
    administrators = [each for each in then.values() if each.account.role == Role.ADMINISTRATOR]
    if not any(each.account.password for each in administrators):
        yield (
            "no administrator of the backup has a password: afterwards nobody can administer by these pages, until "
            "`bascule account setup-link` on the machine has made one"
        )
    own = next((row for row in rows if row.name == context.user), None)
    if context.token and own is not None:
        yield _own(own)


def _own(row: PersonRow) -> str:
    if not row.then:
        return f"your own account, {row.name}, is not in the backup: your login ends, and you cannot log in by it again"
    if row.proof:
        return "your own account has another password or second factor there: your login ends, and you log in by those"
    return f"you are {row.then} there: your login ends, and you may do no more than that afterwards"
