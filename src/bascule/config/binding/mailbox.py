"""Binds `check smtp`, `check imap` and `check pop3`."""

from bascule.config.matching import Match
from bascule.config.model import MailCheck, MailProtocol
from bascule.config.schema.mailbox import PASSWORD, USER


def mail_check(match: Match) -> MailCheck:
    """Return the check; whoever keeps its password knows what it means (`kept.password`)."""
    login = match.options.get("login")
    return MailCheck(
        protocol=MailProtocol(match.clause.word),
        tls="tls" in match.options,
        starttls="starttls" in match.options,
        user="" if login is None else login[USER],
        password="" if login is None else login[PASSWORD],
    )
