"""A path leads to its line."""

import pytest

from bascule.config.editing.locating import line_of

TEXT = """\
load-balancer {
	table <a b> { 10.0.0.1 name "EX1" }

	relay "RPC CAS" {
		listen on port 135
	}
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("load-balancer",), 1),
        (("load-balancer", "relay", "RPC CAS"), 4),
        (("load-balancer", "relay", "RPC CAS", "listen"), 5),
        (("load-balancer", "relay", "HTTPS"), None),
        (("load-balancer", "redirect", "RPC CAS"), None),
        (("firewall",), None),
        (("} {",), None),
        ((), None),
    ],
)
def test_a_path_has_a_line(path: tuple[str, ...], line: int | None) -> None:
    """Where it stands, whatever the name; or none."""
    assert line_of(TEXT, path) == line
