"""Files of address tables are read at the start and at each reload, and one that is wrong is refused by file and line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from bed import configuration
from bed.layout import Layout
from bed.site import PORT, Site, site

pytestmark = pytest.mark.kernel

_FIREWALL: Final = """\
firewall {{
	zone internal {{
		from 10.80.0.0/16
	}}
	table <blocked> {{
		file "{file}"
	}}
	block in from <blocked>
}}
"""


@pytest.fixture
def place(open_directory: Path) -> Iterator[Site]:
    """Run one relay, with a firewall whose table is a file."""
    file = open_directory / "blocked"
    file.write_text("192.0.2.0/24  # documentation\n", encoding="ascii")
    text = configuration.plain(("RPCCAS", PORT), servers=2, timing="interval 1s")
    with site(f"{text}{_FIREWALL.format(file=file)}", Layout(arms=1), open_directory) as place:
        yield place


def test_a_file_that_is_wrong_is_refused_and_what_runs_runs_on(place: Site, open_directory: Path) -> None:
    """With its line; a file that is gone is refused as well, and one that is well again is taken."""
    file = open_directory / "blocked"
    file.write_text("192.0.2.1\n" * 511 + "192.0.2.300\n", encoding="ascii")
    refused = place.balancer.command("reload", check=False)
    assert refused.returncode == 1
    assert (
        f"error: line 512 of {file}: expected an address, or a network such as 10.2.0.0/16"
        in refused.stdout + refused.stderr
    )
    file.unlink()
    gone = place.balancer.command("reload", check=False)
    assert f"table <blocked> has no addresses of {file}: No such file or directory" in gone.stdout + gone.stderr
    with place.session(place.clients[0]) as (_, name):
        assert name in place.logs
    file.write_text("192.0.2.1\n", encoding="ascii")
    assert "1 relay" in place.balancer.command("reload").stdout
