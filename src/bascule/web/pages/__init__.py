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
    load_balancer,
    load_balancer_edit,
    load_balancer_wizard,
    login,
    metrics,
    monitoring,
    monitoring_edit,
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
    *load_balancer.ROUTES,
    *load_balancer_edit.ROUTES,
    *load_balancer_wizard.ROUTES,
    *network.ROUTES,
    *configuration.ROUTES,
    *administration.ROUTES,
    *basic_settings.ROUTES,
    *monitoring.ROUTES,
    *monitoring_edit.ROUTES,
)
