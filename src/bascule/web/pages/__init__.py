"""The pages, each a module: its routes, what it asks for, and what it shows."""

from typing import Final

from bascule.web.pages import (
    account,
    administration,
    audit,
    basic_settings,
    configuration,
    graphs,
    live,
    login,
    metrics,
    network,
    overview,
    second_factor,
    users,
)

ROUTES: Final = (
    *login.ROUTES,
    *live.ROUTES,
    *overview.ROUTES,
    *users.ROUTES,
    *account.ROUTES,
    *second_factor.ROUTES,
    *audit.ROUTES,
    *graphs.ROUTES,
    *metrics.ROUTES,
    *network.ROUTES,
    *configuration.ROUTES,
    *administration.ROUTES,
    *basic_settings.ROUTES,
)
