"""Says what may stand at a place of a text: the words for completion, from the same table that parsing uses."""

from collections.abc import Sequence

from bascule.config.lexer import Token, TokenKind, tokenize
from bascule.config.matching import Wanted, match, select
from bascule.config.schema import TOP
from bascule.config.schema.clause import Clause, Value
from bascule.config.version import arrived


def expected(before: str) -> tuple[Wanted, ...]:
    """Return what may stand at the cursor, given the text before it; a word that has been begun narrows the choice.

    Empty where nothing may stand, or where the text so far is not understood.
    """
    path, words = _at_end(before)
    begun = words.pop().text if words and before[-1:] == words[-1].text[-1:] else ""
    clause = _innermost(path)
    if clause is None:
        return ()
    found = following(clause, words)
    return tuple(dict.fromkeys(one for one in found if one.text.startswith(begun) or not (one.literal or begun)))


def following(clause: Clause, words: Sequence[Token]) -> list[Wanted]:
    """Return what may follow the words of a statement in a block, or begin one where there are none."""
    return _continuing(clause, words) if words else _beginning(clause)


def _at_end(text: str) -> tuple[list[list[Token]], list[Token]]:
    """Return the words of every block open at the end of a text, and those of the statement begun there."""
    path: list[list[Token]] = []
    words: list[Token] = []
    for token in tokenize(text, lambda _: None):
        match token.kind:
            case TokenKind.WORD | TokenKind.STRING | TokenKind.TABLE | TokenKind.WRONG:
                words.append(token)
            case TokenKind.OPEN:
                path.append(words)
                words = []
            case TokenKind.CLOSE:
                words = []
                del path[-1:]
            case TokenKind.SEMICOLON | TokenKind.NEWLINE | TokenKind.COMMENT:
                words = []
            case TokenKind.END:
                break
    return path, words


def _innermost(path: list[list[Token]]) -> Clause | None:
    """Return the clause of the innermost block, or None where a block on the way is not known."""
    clause = TOP
    for words in path:
        found = select(clause.block or (), words) if words else ()
        if len(found) != 1 or found[0].block is None or not arrived(found[0].since):
            return None
        clause = found[0]
    return clause


def _beginning(clause: Clause) -> list[Wanted]:
    """Return what may begin a statement in a block."""
    wanted = []
    for statement in clause.block or ():
        if statement.word and arrived(statement.since):
            wanted.append(Wanted(statement.words[0], statement.help, literal=True, whole=statement.word))
        elif not statement.word and isinstance(first := statement.parts[0], Value):
            wanted.append(Wanted(first.kind.name, statement.help, literal=False, value=first))
    return wanted


def _continuing(clause: Clause, words: Sequence[Token]) -> list[Wanted]:
    """Return what may follow the words of a statement."""
    statements = clause.block or ()
    found = select(statements, words) or tuple(one for one in statements if not one.word)
    if len(found) > 1:
        return [Wanted(one.words[1], one.help, literal=True) for one in found if arrived(one.since)]
    if not found:
        return []
    wanted: list[Wanted] = []
    read = match(found[0], words, lambda _: None, wanted)
    if read.sound and found[0].block is not None:
        wanted.append(Wanted("{", found[0].help, literal=True))
    return wanted
