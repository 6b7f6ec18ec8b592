"""A deployment is to blame for hosts that were up and go down, where it touched what leads to them."""

from bascule.deploy.harm import Situation, harmed
from bascule.plan.compile import Situation as Compiled
from bascule.plan.compile import compile_plan
from plan.situations import ONE_ARM, ONE_ARM_BLOCK, balancer, configured, relay, states

HOSTS = ('10.80.2.1 name "EX1"', '10.80.2.2 name "EX2"')
PLAIN = relay("HTTPS", forward="check tcp mode source-hash")
OTHER_CHECK = relay("HTTPS", forward='check https "/" code 200 mode source-hash')
OTHER_PORT = relay("HTTPS", listen=["10.80.0.10 port 8443"], forward="check tcp mode source-hash")
IMAP = relay("IMAP", listen=["10.80.0.10 port 143"], forward="check tcp mode source-hash")


def _situation(*relays: str, down: tuple[str, ...] = ()) -> Situation:
    plan = compile_plan(configured(ONE_ARM_BLOCK + balancer(*relays, hosts=HOSTS)), Compiled(facts=ONE_ARM))
    return Situation(plan, states(plan, down=down))


def test_a_check_that_nobody_passes_is_harm() -> None:
    """Every host that was up is named, with its relay."""
    after = _situation(OTHER_CHECK, down=("EX1", "EX2"))
    assert harmed(_situation(PLAIN), after) == ["EX1 in relay HTTPS", "EX2 in relay HTTPS"]


def test_a_port_that_moved_is_a_touch() -> None:
    """A host listens for itself on another port then."""
    assert harmed(_situation(PLAIN), _situation(OTHER_PORT, down=("EX2",))) == ["EX2 in relay HTTPS"]


def test_a_host_that_was_down_is_nobodys_harm() -> None:
    """It was so before."""
    assert harmed(_situation(PLAIN, down=("EX2",)), _situation(OTHER_CHECK, down=("EX2",))) == []


def test_a_relay_that_is_the_same_is_not_touched() -> None:
    """Its host died of something else; and a relay that is new had no host to lose."""
    assert harmed(_situation(PLAIN), _situation(PLAIN, IMAP, down=("EX2",))) == []
