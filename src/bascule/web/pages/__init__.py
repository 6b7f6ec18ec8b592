"""The pages, each a module: its routes, what it asks for, and what it shows."""

from typing import Final

from bascule.web.pages import graphs, live, login, metrics, overview

ROUTES: Final = (*login.ROUTES, *live.ROUTES, *overview.ROUTES, *graphs.ROUTES, *metrics.ROUTES)
