"""Where in the text the editor stands: a path, and the ones to go back to."""

from collections.abc import Sequence
from dataclasses import dataclass

from bascule.config.diagnostics import Diagnostic, Span
from bascule.config.editing.edited import Edited
from bascule.config.editing.spelling import spelled
from bascule.config.lexer import Token


@dataclass(frozen=True, slots=True)
class Place:
    """A block, named by its path; the top level where that is empty."""

    words: tuple[Token, ...] = ()
    before: "Place | None" = None
    """Where `exit` leads to; None ends the editor."""

    @property
    def title(self) -> str:
        """Return the path in one line."""
        return " ".join(token.text for token in self.words)

    def entered(self, words: Sequence[Token]) -> "Place | Edited":
        """Return the place within this one that a path leads to, there yet or not; or what is wrong with the path."""
        found: list[Diagnostic] = []
        path = spelled((*self.words, *words), found.append)
        if not words:
            found.append(Diagnostic.error(Span(1, 1), "say which block", "such as load-balancer relay HTTPS"))
        elif path.rest and not found:
            where = path.rest[0].span.to(path.rest[-1].span)
            found.append(Diagnostic.error(where, "this is no block", "edit leads to what has braces; set changes the rest"))
        if found:
            return Edited(text="", words=path.text, diagnostics=tuple(found))
        return Place(path.words, self)

    def up(self, levels: int) -> "Place":
        """Return the block around this one, or the one so many further out."""
        steps = spelled(self.words, lambda _: None).steps
        kept = steps[: max(0, len(steps) - levels)]
        return Place(tuple(word for step in kept for word in step.words), self.before)
