from bascule.lab.components import Component, Components, Requester, State


def test_the_worst_that_anybody_asked_for_counts() -> None:
    """A component that one requester drains and another wants is draining, one that any wants off is off."""
    components = Components()
    assert components.active(Component.OWA_PROXY)
    components.ask(Component.OWA_PROXY, State.DRAINING, Requester.MAINTENANCE)
    components.ask(Component.OWA_PROXY, State.ACTIVE, Requester.FUNCTIONAL)
    assert components.state(Component.OWA_PROXY) is State.DRAINING
    components.ask(Component.OWA_PROXY, State.INACTIVE, Requester.HEALTH_API)
    assert components.state(Component.OWA_PROXY) is State.INACTIVE
    assert components.active(Component.ECP_PROXY)


def test_the_whole_server_takes_all_but_what_watches_it() -> None:
    """ServerWideOffline, as at the end of Microsoft's run-book: only two components stay active."""
    components = Components()
    components.ask(Component.SERVER_WIDE_OFFLINE, State.INACTIVE, Requester.MAINTENANCE)
    left = {component for component in Component if components.active(component)}
    assert left == {Component.MONITORING, Component.RECOVERY_ACTIONS_ENABLED}
