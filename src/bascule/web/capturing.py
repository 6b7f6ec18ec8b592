"""A capture as a file that a browser, or a program, gets while it is made."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response, StreamingResponse

from bascule.service.capture import Captured
from bascule.service.failures import OperationFailed

PCAPNG: Final = "application/x-pcapng"


async def captured(pieces: AsyncIterator[Captured]) -> Response:
    """Return the file, piece by piece, until it ends or whoever reads it goes away.

    Raises OperationFailed where there is no first piece.
    """
    first = await anext(pieces)
    name = f"bascule-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.pcapng"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_data(first, pieces), media_type=PCAPNG, headers=headers)


async def _data(first: Captured, pieces: AsyncIterator[Captured]) -> AsyncIterator[bytes]:
    yield first.data
    with suppress(OperationFailed):  # what came is a whole file
        async for piece in pieces:
            yield piece.data
            if piece.ended:
                return
