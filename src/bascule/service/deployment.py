"""Deployments as they are asked for: working copies, a text for a time, and the revisions that were kept."""

from hashlib import sha256
from typing import Annotated, Final

import msgspec

from bascule.service.checking import Checked
from bascule.service.operation import Operation
from bascule.service.permissions import Permission
from bascule.service.request import LongRequest, Name, Origin, Request
from bascule.service.results import Compared, CopyText, Deployed, Discarded, Loaded, Revisions, RevisionText

LONGEST_TEXT: Final = 2_000_000
"""Bytes of a configuration that one may deploy."""

LONGEST_TEST: Final = 86400
"""Seconds that a deployment may wait for its commit."""

LAST_NUMBER: Final = 999_999_999
"""Of a revision, more than ever will be."""

MAXIMUM_REVISIONS: Final = 10_000
"""Revisions of one list."""


class Deploy(LongRequest[Deployed], frozen=True, kw_only=True, tag="deploy"):
    """Asks to put a configuration into effect until it is committed, or its time is over."""

    text: Annotated[bytes, msgspec.Meta(max_length=LONGEST_TEXT)] | None = None
    """None is the working copy of whoever asks, which knows the revision that it was written from."""
    rebase: bool = False
    """Of a working copy: where something was committed since, make both edits one, if they do not clash."""
    seconds: Annotated[float, msgspec.Meta(ge=5, le=LONGEST_TEST)] = 60
    message: Name = ""
    base: Annotated[int, msgspec.Meta(ge=0, le=LAST_NUMBER)] | None = None
    """The revision that it was written from; refused where that is not the newest any more. None asks for no such thing."""
    ignore_health: bool = False
    """Let it stand although hosts that were up go down by it."""
    commit: bool = False
    """Keep it at once, without a test."""
    force: bool = False
    """Put it into effect although it shuts out an administrator who is connected now."""
    origin: Origin | None = None
    """How the one who asks came, by ssh or the pages; besides him everybody counts who is seen to be connected."""
    again: bool = False
    """It is a revision that was committed before: no account comes of it."""


class LoadCopy(Request[Loaded], frozen=True, kw_only=True, tag="copy.load"):
    """Asks to keep a text as the working copy of whoever asks, in the place of the one there was."""

    text: Annotated[bytes, msgspec.Meta(max_length=LONGEST_TEXT)]
    base: Annotated[int, msgspec.Meta(ge=0, le=LAST_NUMBER)] | None = None
    """The revision that it was written from; None is the newest."""
    expected: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    """The `digest` of the copy that it takes the place of: refused where that is another by now. None takes any place."""


class ShowCopy(Request[CopyText], frozen=True, kw_only=True, tag="copy.show"):
    """Asks for the working copy of whoever asks; without one, for the newest revision to begin with."""


class DiscardCopy(Request[Discarded], frozen=True, kw_only=True, tag="copy.discard"):
    """Asks to forget the working copy of whoever asks."""


class Compare(Request[Compared], frozen=True, kw_only=True, tag="compare"):
    """Asks what one text changes over another, in effect: for clients, hosts and sessions."""

    old: Annotated[int, msgspec.Meta(ge=0, le=LAST_NUMBER)] | None = None
    """A revision; None is the newest, 0 is nothing."""
    new: Annotated[int, msgspec.Meta(ge=1, le=LAST_NUMBER)] | None = None
    """A revision; None is the working copy of whoever asks."""
    text: Annotated[bytes, msgspec.Meta(max_length=LONGEST_TEXT)] | None = None
    """A text that is kept nowhere, in the place of either."""


class CheckText(Request[Checked], frozen=True, kw_only=True, tag="check"):
    """Asks what is wrong or doubtful with a text on this machine; nothing is kept."""

    text: Annotated[bytes, msgspec.Meta(max_length=LONGEST_TEXT)] | None = None
    """None is the working copy of whoever asks."""


class Commit(LongRequest[Deployed], frozen=True, kw_only=True, tag="commit"):
    """Asks to keep what is deployed."""


class Cancel(LongRequest[Deployed], frozen=True, kw_only=True, tag="cancel"):
    """Asks to take back what is deployed."""


class ShowRevisions(Request[Revisions], frozen=True, kw_only=True, tag="show.revisions"):
    """Asks what was committed."""

    limit: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_REVISIONS)] = 100


class ShowRevision(Request[RevisionText], frozen=True, kw_only=True, tag="show.revision"):
    """Asks for one revision."""

    number: Annotated[int, msgspec.Meta(ge=1, le=LAST_NUMBER)] | None = None
    """None is the newest."""


def copy_digest(base: int, text: bytes) -> str:
    """Return what tells one state of a working copy from all others."""
    return sha256(b"%d:%s" % (base, text)).hexdigest()


OPERATIONS: Final = (
    Operation(
        Deploy,
        Permission.DEPLOY,
        "put a configuration into effect until it is committed, or its time is over",
        rest="POST /deployment",
        audit="deployed a configuration",
    ),
    Operation(
        LoadCopy,
        Permission.DEPLOY,
        "keep a text as your working copy",
        rest="PUT /working-copy",
        audit="changed the working copy",
    ),
    Operation(
        ShowCopy,
        Permission.DEPLOY,  # a text may hold a password
        "print your working copy",
        rest="GET /working-copy",
    ),
    Operation(
        DiscardCopy,
        Permission.DEPLOY,
        "forget your working copy",
        rest="DELETE /working-copy",
        audit="discarded the working copy",
    ),
    Operation(Compare, Permission.DEPLOY, "say what a configuration changes in effect over another", rest="POST /compare"),
    Operation(
        CheckText, Permission.VIEW, "say what is wrong or doubtful with a text, without keeping it", rest="POST /check"
    ),
    Operation(
        Commit,
        Permission.COMMIT,
        "keep what is deployed as the next revision",
        rest="POST /deployment/commit",
        audit="committed a configuration",
    ),
    Operation(
        Cancel, Permission.DEPLOY, "take back what is deployed", rest="DELETE /deployment", audit="took a deployment back"
    ),
    Operation(ShowRevisions, Permission.VIEW, "list what was committed, when and by whom", rest="GET /revisions"),
    Operation(
        ShowRevision,
        Permission.DEPLOY,  # a text may hold a password
        "print a revision",
        rest="GET /revisions/{number}",
        audit="read a revision",
    ),
)
