"""Names and quoted texts."""

import re
from typing import Final

from bascule.config.kinds.kind import Flaw, Kind, expected
from bascule.config.lexer import Token, TokenKind
from bascule.config.wording import quoted

LONGEST_NAME: Final = 63
"""Bytes of UTF-8, as in relayd; a rule's comment in the kernel has room for 127."""

_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}
_TABLE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_LONGEST_TEXT: Final = 4096
_LONGEST_PATH: Final = 1024


def _content(token: Token, what: str, *, secret: bool = False) -> str | Flaw:
    """Return what a quoted string means."""
    if token.kind is not TokenKind.STRING:
        if secret:
            return Flaw(f"expected {what}")
        example = f'write "{token.text}"' if token.kind is TokenKind.WORD else ""
        return Flaw(f"expected {what}, found {quoted(token.text)}", example)
    inner = token.text[1:-1]
    for escape in _ESCAPE.finditer(inner):
        if escape[1] not in _ESCAPES:
            return Flaw(
                f"{quoted(escape[0])} means nothing in a string", r"write \\ for a backslash; \", \n, \r and \t are known"
            )
    if len(inner) > _LONGEST_TEXT:
        return Flaw(f"the string is longer than {_LONGEST_TEXT} characters")
    return _ESCAPE.sub(lambda escape: _ESCAPES[escape[1]], inner)


def text(what: str, *, secret: bool = False, empty: bool = True) -> Kind[str]:
    """Return the kind of quoted texts; what a secret one holds is never shown in a message."""

    def read(token: Token) -> str | Flaw:
        content = _content(token, what, secret=secret)
        return Flaw(f"expected {what}, found an empty one") if content == "" and not empty else content

    return Kind(name='"TEXT"', what=what, read=read)


def _program(token: Token) -> str | Flaw:
    content = _content(token, "the absolute path of a program in quotes")
    if isinstance(content, Flaw):
        return content
    if not content.isprintable():
        return Flaw(f"the path {quoted(token.text)} holds a control character")
    if not content.startswith("/") or content.endswith("/"):
        return Flaw(f"{quoted(token.text)} is no absolute path of a program", 'such as "/usr/local/lib/check-mail"')
    return content


PROGRAM_FILE: Final = Kind(name='"FILE"', what="the absolute path of a program in quotes", read=_program)


def _name(token: Token) -> str | Flaw:
    content = _content(token, "a name in quotes")
    if isinstance(content, Flaw):
        return content
    if not content or content != content.strip():
        return Flaw(f"the name {quoted(token.text)} is empty, or begins or ends with a blank")
    if not content.isprintable() or set('"\\') & set(content):
        return Flaw(f"the name {quoted(token.text)} holds a quotation mark, a backslash or a control character")
    if len(content.encode()) > LONGEST_NAME:
        return Flaw(f"the name {quoted(token.text)} is longer than {LONGEST_NAME} bytes")
    return content


NAME: Final = Kind(name='"NAME"', what="a name in quotes", read=_name)


def _path(token: Token) -> str | Flaw:
    content = _content(token, "a path in quotes")
    if isinstance(content, Flaw):
        return content
    if not content.startswith("/") or content.endswith("/"):
        return Flaw(f"{quoted(token.text)} is no whole path of a file", "begin it with /, and end it with a file's name")
    if not content.isprintable() or len(content.encode()) > _LONGEST_PATH:
        return Flaw(f"the path holds a control character, or is longer than {_LONGEST_PATH} bytes")
    return content


PATH: Final = Kind(name='"PATH"', what="a path in quotes", read=_path)


def _log(token: Token) -> str | Flaw:
    content = _path(token)
    if isinstance(content, Flaw) or content.endswith(".log"):
        return content
    return Flaw(f"{quoted(token.text)} does not end with .log", "so that no other file is ever written to")


LOG: Final = Kind(name='"PATH"', what="a path in quotes", read=_log)


def _table_name(token: Token) -> str | Flaw:
    if token.kind is not TokenKind.TABLE:
        bare = _TABLE_NAME.fullmatch(token.text.strip('"'))
        return Flaw(
            f"expected a table such as <exchange>, found {quoted(token.text)}", f"write <{bare[0]}>" if bare else ""
        )
    name = token.text[1:-1]
    if not _TABLE_NAME.fullmatch(name):
        return Flaw(
            f"{quoted(token.text)} is no table's name", "letters, digits, `.`, `_` and `-`, a letter or digit first"
        )
    return Flaw(f"the name {quoted(token.text)} is longer than {LONGEST_NAME} bytes") if len(name) > LONGEST_NAME else name


TABLE: Final = Kind(name="<TABLE>", what="a table such as <exchange>", read=_table_name)


def identifier(name: str, what: str, longest: int) -> Kind[str]:
    """Return the kind of bare names: letters, digits, `.`, `_`, `-`, and `:` and `@` behind the first."""
    pattern = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9._:@-]{{0,{longest - 1}}}")

    def read(token: Token) -> str | Flaw:
        return token.text if pattern.fullmatch(token.text) else expected(what, token)

    return Kind(name=name, what=what, read=read)


_ZONE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,30}")
"""Never an address: those of IPv4 begin with a digit, and those of IPv6 have a colon."""

_NO_ZONE: Final = "any"


def _zone(token: Token) -> str | Flaw:
    if token.text == _NO_ZONE:
        return Flaw("`any` is every address, and no zone's name")
    return token.text if _ZONE.fullmatch(token.text) else expected("a zone's name", token)


ZONE: Final = Kind(name="ZONE", what="a zone's name", read=_zone)


_HOST_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")


def _host_name(token: Token) -> str | Flaw:
    bare = token.text[1:-1] if token.kind is TokenKind.STRING else token.text
    return bare if _HOST_NAME.fullmatch(bare) and len(bare) <= LONGEST_NAME else expected("a host name", token)


HOST_NAME: Final = Kind(name="NAME", what="a host name", read=_host_name)
