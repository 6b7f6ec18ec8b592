"""Who somebody is by the word of a directory: he binds as himself, so that no account of ours has to be there."""

from typing import Final

from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from bascule.config.kinds.directory import NAME_HERE
from bascule.directory.conversation import Bound, Conversation
from bascule.directory.wire import Answer, Member, Question, Stranger

IN_CHAIN: Final = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_TRANSITIVE_EVAL, by which Active Directory follows groups in groups (MS-ADTS 3.1.1.3.4.4.3)."""

_ACCOUNT: Final = "sAMAccountName"
"""What Active Directory calls a user: one name of one user in a domain."""


def answered(question: Question, conversation: Conversation) -> Answer:
    """Return what the server says of somebody. Raises FaultError."""
    if not question.password or not question.name:
        return Stranger()
    bound, entry, name = _bound(question, conversation)
    if not bound.taken:
        return Stranger(expired=bound.expired)
    groups = tuple(
        place for place, group in enumerate(question.groups) if conversation.found(group, membership(entry), below=False)
    )
    return Member(name=name, groups=groups)


def _bound(question: Question, conversation: Conversation) -> tuple[Bound, str, str]:
    """Bind, and return as which entry, and what its owner is called."""
    if question.entry:
        entry = question.entry.replace(NAME_HERE, escape_rdn(question.name))
        return conversation.bind(entry, question.password), entry, question.name
    bound = conversation.bind(principal(question.name, question.domain), question.password)
    if not bound.taken:
        return bound, "", ""
    users = conversation.found(question.base, user_filter(question.name, question.domain), below=True, attribute=_ACCOUNT)
    if len(users) != 1 or not all(users[0]):
        return Bound(taken=False), "", ""
    entry, name = users[0]
    # Active Directory takes other names at a bind, too, a display name for one, which people may change themselves
    # (MS-ADTS 5.1.1.1.1). So the password must be that of the very entry whose groups count.
    return conversation.bind(entry, question.password), entry, name


def principal(name: str, domain: str) -> str:
    """Return as whom somebody binds to Active Directory."""
    return name if "@" in name else f"{name}@{domain}"


def user_filter(name: str, domain: str) -> str:
    """Return what finds the user who binds so: by his principal name, or his account's in the domain (RFC 4515)."""
    by_principal = f"(userPrincipalName={escape_filter_chars(principal(name, domain))})"
    account, _, suffix = name.partition("@")
    if suffix and suffix != domain.lower():
        return f"(&(objectClass=user){by_principal})"
    return f"(&(objectClass=user)(|{by_principal}({_ACCOUNT}={escape_filter_chars(account)})))"


def membership(entry: str) -> str:
    """Return what fits a group with that member, itself or by another group (RFC 4515)."""
    who = escape_filter_chars(entry)
    return f"(|(member={who})(member:{IN_CHAIN}:={who})(uniqueMember={who}))"
