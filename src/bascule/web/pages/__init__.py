"""The pages, each a module: its routes, what it asks for, and what it shows."""

from typing import Final

from bascule.web.pages import (
    administration,
    basic_settings,
    configuration,
    graphs,
    live,
    login,
    metrics,
    network,
    overview,
)

ROUTES: Final = (
    *login.ROUTES,
    *live.ROUTES,
    *overview.ROUTES,
    *graphs.ROUTES,
    *metrics.ROUTES,
    *network.ROUTES,
    *configuration.ROUTES,
    *administration.ROUTES,
    *basic_settings.ROUTES,
)
