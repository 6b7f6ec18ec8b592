"""What does every operation of the table, whoever asks."""

from collections.abc import AsyncGenerator
from typing import Protocol

from bascule.service.catalogue import operation_of
from bascule.service.request import Answer, Context, Request


class Service(Protocol):
    """Does the work of each operation.

    Either method raises OperationFailed for what the one who asked must know, and MachineError where the machine would
    not. What takes its time tells `context.tell` how far it is.
    """

    async def ask(self, context: Context, request: Request[Answer], /) -> Answer:
        """Do what is asked, and return the answer."""
        ...

    def follow(self, context: Context, request: Request[Answer], /) -> AsyncGenerator[Answer, None]:
        """Yield answer after answer of an operation that streams, until it is closed."""
        ...


class ByMethods:
    """A service whose methods are named after the operations: `show_relays` does `show.relays`."""

    async def ask(self, context: Context, request: Request[Answer], /) -> Answer:
        """Have the method do it."""
        answer: Answer = await getattr(self, operation_of(request).method)(context, request)
        return answer

    def follow(self, context: Context, request: Request[Answer], /) -> AsyncGenerator[Answer, None]:
        """Have the method yield."""
        answers: AsyncGenerator[Answer, None] = getattr(self, operation_of(request).method)(context, request)
        return answers
