"""Configuration: what shall be, what is deployed, what was, and what is kept of it."""

from typing import Final

from bascule.web.pages.configuration import backups, deploy, editor, history, rebase, restoring

ROUTES: Final = (*deploy.ROUTES, *rebase.ROUTES, *editor.ROUTES, *history.ROUTES, *backups.ROUTES, *restoring.ROUTES)
