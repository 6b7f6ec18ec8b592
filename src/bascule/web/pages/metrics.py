"""Figures for Prometheus, to whom the text lets read them; nobody logs in for that."""

import asyncio
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bascule.service.failures import Forbidden, NotFound, OperationFailed, describe
from bascule.service.metrics import ShowMetrics
from bascule.web.metrics.exposition import CONTENT_TYPE, exposition
from bascule.web.site import site_of


async def metrics(request: Request) -> Response:
    """Answer with the figures of now; the service decides by where the request comes from."""
    source = "" if request.client is None else request.client.host
    try:
        told = await site_of(request).client.call(ShowMetrics(source=source))
    except OperationFailed as failed:
        if isinstance(failed.failure, NotFound | Forbidden):
            raise HTTPException(404) from failed
        return PlainTextResponse(f"{describe(failed.failure)}\n", 503)
    # A large farm takes a quarter of a second to write down, in which others are answered.
    text = await asyncio.to_thread(exposition, told.status, told.relays, told.counters)
    return Response(text, headers={"content-type": CONTENT_TYPE})


ROUTES: Final = (Route("/metrics", metrics, methods=["GET"]),)
