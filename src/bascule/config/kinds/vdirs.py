"""Virtual directories of Exchange: one as a word, several in quotes."""

from dataclasses import replace
from typing import Final

from bascule.config.kinds.kind import Flaw, Kind, choice
from bascule.config.kinds.texts import text
from bascule.config.lexer import Token
from bascule.config.vdirs import Vdir
from bascule.config.wording import nearest, quoted

_KNOWN: Final = tuple(vdir.value for vdir in Vdir)
_TEXT: Final = text(f'virtual directories in quotes, such as "{" ".join(_KNOWN)}"', empty=False)

VDIR: Final = replace(choice("VDIR", dict.fromkeys(_KNOWN), f"one of {', '.join(_KNOWN)}"), words=None)


def _vdirs(token: Token) -> tuple[Vdir, ...] | Flaw:
    said = _TEXT.read(token)
    if isinstance(said, Flaw):
        return said
    words = said.casefold().split()
    for word in words:
        if word not in _KNOWN:
            near = nearest(word, _KNOWN)
            hint = f"did you mean `{near}`?" if near else f"known are {', '.join(_KNOWN)}"
            return Flaw(f"{quoted(word)} is no virtual directory of Exchange", hint)
    if not words:
        return Flaw(f"expected {_TEXT.what}, found none")
    return tuple(dict.fromkeys(Vdir(word) for word in words))


VDIRS: Final = Kind(name='"VDIR …"', what=_TEXT.what, read=_vdirs)
