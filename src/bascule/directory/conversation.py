"""A connection to a directory by LDAPS, with a server whose certificate is judged."""

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import ldap3
from ldap3.core.exceptions import LDAPException

from bascule.directory.wire import Server

CONNECTS: Final = 3
ANSWERS: Final = 5
"""Seconds that a server may take to be connected with, and for each answer."""

REFUSALS: Final = frozenset({19, 32, 34, 48, 49})
"""Results of a bind that are about who binds, not about the server: constraint violation, no such object, invalid DN,
inappropriate authentication, invalid credentials (RFC 4511, appendix A.2)."""

_ANSWERS: Final = frozenset({0, 4, 10, 32, 34})
"""Results of a search that are about what is looked for: success, size limit exceeded, referral (it stands in another
domain), no such object, invalid DN."""

_EXPIRED: Final = re.compile(r"\bdata (?:532|773)\b")
"""How Active Directory says ERROR_PASSWORD_EXPIRED and ERROR_PASSWORD_MUST_CHANGE (MS-ERREF 2.2)."""


class FaultError(Exception):
    """A server cannot be asked; the message says why, as a clause."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How a bind went."""

    taken: bool
    expired: bool = False


class Conversation(Protocol):
    """What is asked of a server. Every method may raise FaultError."""

    def bind(self, name: str, password: str) -> Bound:
        """Bind by name and password; neither is empty."""
        ...

    def found(self, at: str, asked: str, *, below: bool, attribute: str = "1.1") -> Sequence[tuple[str, str]]:
        """Return the names of at most two entries that fit a filter, each with a value of an attribute.

        Looks at one entry alone, or at those `below` it too. An entry that is not there, or not to be seen, fits nothing.
        """
        ...


class _Judged(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types
    """TLS as Python's own `ssl` judges certificates and names: ldap3's own judgement of names knows no addresses."""

    def __init__(self, server: Server) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        try:
            self._context = ssl.create_default_context(cafile=server.authority or None)
        except OSError as error:  # ssl.SSLError is one
            words = f"{server.authority} cannot be read as certificates: {error.strerror or error}"
            raise FaultError(words) from error
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._host = server.host
        self.fault = ""

    def wrap_socket(self, connection: Any, do_handshake: bool = True) -> None:  # noqa: FBT001, FBT002 - ldap3's signature
        """Speak TLS from now on. Raises OSError."""
        assert do_handshake, "ldap3 asks for it"
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)
        except ssl.SSLCertVerificationError as error:
            self.fault = f"its certificate is not believed: {error.verify_message}"
            raise
        except ssl.SSLError as error:
            self.fault = f"no TLS with it: {error.reason or error}"
            raise


class LdapsConversation:
    """A conversation by ldap3, which follows no referral: a password goes to no server but the one that is named."""

    def __init__(self, server: Server) -> None:
        """Connect. Raises FaultError."""
        judged = _Judged(server)
        there = ldap3.Server(
            server.host,
            port=server.port,
            use_ssl=True,
            tls=judged,
            get_info=ldap3.NONE,
            connect_timeout=CONNECTS,
            allowed_referral_hosts=[],
        )
        self._connection: Any = ldap3.Connection(
            there,
            authentication=ldap3.SIMPLE,
            user="nobody yet",
            password="nothing yet",  # noqa: S106 - replaced before anything is sent
            auto_referrals=False,
            check_names=False,
            read_only=True,
            receive_timeout=ANSWERS,
        )
        try:
            self._connection.open(read_server_info=False)
        except (LDAPException, OSError) as error:
            raise FaultError(judged.fault or self._why(error)) from error

    def bind(self, name: str, password: str) -> Bound:
        """Bind, or bind again as somebody else."""
        assert name, "an empty name binds anybody (RFC 4513, 5.1.1)"
        assert password, "an empty password proves nothing, and is taken by many servers (RFC 4513, 5.1.2)"
        self._connection.user = name
        self._connection.password = password.encode()  # as it is: ldap3 refuses to send some texts, and changes others
        try:
            self._connection.bind(read_server_info=False)
        except (LDAPException, OSError) as error:
            raise FaultError(self._why(error)) from error
        result = self._connection.result
        if result["result"] == 0:
            return Bound(taken=True)
        if result["result"] in REFUSALS:
            return Bound(taken=False, expired=bool(_EXPIRED.search(str(result["message"]))))
        raise FaultError(f"it answered {result['description']}")

    def found(self, at: str, asked: str, *, below: bool, attribute: str = "1.1") -> Sequence[tuple[str, str]]:
        """Search."""
        scope = ldap3.SUBTREE if below else ldap3.BASE
        try:
            self._connection.search(at, asked, scope, attributes=[attribute], size_limit=2, time_limit=ANSWERS)
        except (LDAPException, OSError) as error:
            raise FaultError(self._why(error)) from error
        result = self._connection.result
        if result["result"] not in _ANSWERS:
            raise FaultError(f"it answered {result['description']}")
        entries = [each for each in self._connection.response or () if each["type"] == "searchResEntry"]
        return [(each["dn"], _first(each["raw_attributes"].get(attribute))) for each in entries]

    def close(self) -> None:
        """Say goodbye, whoever hears it."""
        self._connection.strategy.close()

    def _why(self, error: Exception) -> str:
        words = str(self._connection.last_error or error)
        if "invalid server address" in words:  # what ldap3 makes of a name that stands for none
            return "its name is not known"
        if "timed out" in words or "temporarily unavailable" in words:
            return "it does not answer in time"
        return words.rpartition("] ")[2] or type(error).__name__


def _first(values: Sequence[bytes] | None) -> str:
    return values[0].decode(errors="replace") if values else ""
