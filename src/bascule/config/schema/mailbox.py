"""`starttls` and `login`: how far a mail check goes beyond the greeting."""

from typing import Final

from bascule.config.kinds.mailbox import MAILBOX, MAILBOX_PASSWORD
from bascule.config.schema.clause import Clause, Literal, Value

USER: Final = Value("mailbox", MAILBOX)
PASSWORD: Final = Value("mailbox password", MAILBOX_PASSWORD)

BEYOND_GREETING: Final = (
    Clause(word="starttls", help="the port goes on in TLS when it is asked to; one that does not is down"),
    Clause(
        word="login",
        parts=(USER, Literal("password"), PASSWORD),
        help="a test mailbox logs in, once a minute, with `tls` or `starttls`; one that cannot is warned of, and takes no "
        "host out. Whoever answers at a host's address learns its password, so take one that may do nothing else. The "
        'password stands here in plain text until the text is kept, then `"<set …>"`',
    ),
)
