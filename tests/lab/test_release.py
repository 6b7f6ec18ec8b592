"""What the simulation knows of a version is what the rest of the product does, which it may not ask."""

from bascule.config.exchange import Version
from bascule.config.vdirs import Vdir
from bascule.exchange.editions import edition
from bascule.lab.https import HEALTH_PAGES, LOGON_PAGE
from bascule.lab.release import RELEASES


def test_every_version_is_simulated() -> None:
    """And has health pages or RPC, as it has in the language and in the wizard's farms."""
    assert [*RELEASES] == [*Version]
    for version in Version:
        release, services = RELEASES[version], edition(version).services
        assert release.health_pages == version.modern
        assert release.rpc == any(service.protocol == "RPC" for service in services)


def test_every_page_that_is_asked_for_is_there() -> None:
    """By the check of each virtual directory."""
    assert {vdir.page.lower() for vdir in Vdir} == {*HEALTH_PAGES}


def test_the_logon_page_is_what_2010_is_checked_by() -> None:
    """It has no other."""
    checks = [check for service in edition(Version.E2010).services for check in service.checks]
    assert any(f'"{LOGON_PAGE}"' in check for check in checks)
