"""The pages of the menu Network."""

from typing import Final

from bascule.web.pages.network import capture, client, exchange, firewall, interfaces, log, routes, sessions, tables

ROUTES: Final = (
    *interfaces.ROUTES,
    *routes.ROUTES,
    *firewall.ROUTES,
    *tables.ROUTES,
    *sessions.ROUTES,
    *client.ROUTES,
    *exchange.ROUTES,
    *log.ROUTES,
    *capture.ROUTES,
)
