"""Templates to pages: everything that comes from outside is text, never markup."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bascule.web.files import Files
from bascule.web.menu import MENU
from bascule.web.wording import FILTERS


class Renderer:
    """Renders the templates of one folder, each compiled once."""

    def __init__(self, folder: Path, files: Files) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._environment.globals |= {"static": files.url, "menu": MENU}
        self._environment.filters |= FILTERS

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return a page."""
        return self._environment.get_template(template).render(values)
