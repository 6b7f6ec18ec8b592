"""What those who are told of events are named by: mail addresses, web addresses, times of day, logins."""

import re
from datetime import time
from typing import Final
from urllib.parse import urlsplit

from bascule.config.kinds.kept import label, mark
from bascule.config.kinds.kind import Flaw, Kind, expected
from bascule.config.kinds.mailbox import printable_text
from bascule.config.kinds.texts import text
from bascule.config.lexer import Token
from bascule.config.wording import quoted

_MAIL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
"""RFC 5321, 4.1.2, without its quoted forms."""

_TIME_OF_DAY: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_LONGEST_URL: Final = 1024
_URL: Final = text("a web address in quotes", empty=False)
_ADDRESS: Final = text("a mail address in quotes", empty=False)


def _mail_address(token: Token) -> str | Flaw:
    content = _ADDRESS.read(token)
    if isinstance(content, Flaw) or _MAIL.fullmatch(content):
        return content
    return Flaw(f"{quoted(token.text)} is no mail address", 'such as "admin@example.com"')


MAIL_ADDRESS: Final = Kind(name='"ADDRESS"', what="a mail address in quotes", read=_mail_address)


def _web_address(token: Token) -> str | Flaw:
    content = _URL.read(token)
    if isinstance(content, Flaw):
        return content
    kept = label(content)
    flaw = _flaw(content.removesuffix(mark(kept)) if kept else content, token)
    return content if flaw is None else flaw


def _flaw(content: str, token: Token) -> Flaw | None:
    """Return why something is no web address."""
    if len(content) > _LONGEST_URL or not content.isascii() or not content.isprintable() or " " in content:
        return Flaw(f"a web address has no blanks, control characters or letters beyond ASCII, and {_LONGEST_URL} at most")
    try:
        parts = urlsplit(content)
        port = parts.port
    except ValueError:
        return Flaw(f"{quoted(token.text)} is no web address")
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        return Flaw(f"{quoted(token.text)} is no web address", 'such as "https://example.com/hook"')
    if parts.username is not None or parts.fragment:
        return Flaw("a web address has no user and no fragment here", 'write `login "USER" password "…"` behind it')
    return None


WEB_ADDRESS: Final = Kind(name='"URL"', what="a web address in quotes", read=_web_address)


def _time_of_day(token: Token) -> time | Flaw:
    found = _TIME_OF_DAY.fullmatch(token.text)
    return time(int(found[1]), int(found[2])) if found else expected("a time of day such as 22:00", token)


TIME_OF_DAY: Final = Kind(name="HH:MM", what="a time of day such as 22:00", read=_time_of_day)

LOGIN: Final = printable_text("a user's name in quotes", secret=False)
COMMUNITY: Final = printable_text("an SNMP community in quotes", secret=True)
