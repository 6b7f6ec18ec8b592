"""Where the editor stands."""

from bascule.cli.configure.place import Place
from bascule.config.editing.edited import Edited
from bascule.config.editing.spelling import from_arguments


def entered(place: Place, *words: str) -> Place:
    """Return a place within another."""
    found = place.entered(from_arguments(words))
    assert isinstance(found, Place)
    return found


def refused(*words: str) -> str:
    """Return why nothing can be entered so."""
    found = Place().entered(from_arguments(words))
    assert isinstance(found, Edited)
    return found.diagnostics[0].message


def test_in_and_out() -> None:
    """A path is spelled out; `up` leads through the blocks, and `before` back to where one came from."""
    balancer = entered(Place(), "load")
    relay = entered(balancer, "relay", "HTTPS")
    assert relay.title == 'load-balancer relay "HTTPS"'
    assert relay.up(1).title == "load-balancer"
    assert relay.up(9).title == ""
    assert relay.before == balancer
    direct = entered(Place(), "load", "relay", "HTTPS")
    assert (direct.title, direct.before) == (relay.title, Place())


def test_what_is_no_block() -> None:
    """Is said."""
    assert refused("load", "workers") == "this is no block"
    assert refused("load", "relay") == "this is no block"
    assert refused() == "say which block"
    assert "may be" in refused("load", "re")
