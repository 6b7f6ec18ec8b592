"""Settings are read and written by the names that people know them by, in the namespace we are in."""

from collections.abc import Callable

import pytest

from bascule.system.errors import MachineError
from bascule.system.sysctls import PLANNED, KernelSysctls
from bed.layout import Layout
from bed.netlab import NetLab

pytestmark = pytest.mark.kernel


def test_settings_of_a_namespace(lab: Callable[[Layout], NetLab]) -> None:
    """What is written is what sysctl(8) reads there, and nowhere else."""
    net = lab(Layout(arms=1, lbs=2, servers=1))
    one, other = net["lb1"], net["lb2"]
    with one.entered():
        sysctls = KernelSysctls()
        sysctls.write("net.ipv4.conf.all.arp_announce", "2")
        assert sysctls.read(["net.ipv4.conf.all.arp_announce"]) == {"net.ipv4.conf.all.arp_announce": "2"}
    assert one.run("sysctl", "-n", "net.ipv4.conf.all.arp_announce").stdout == "2\n"
    assert other.run("sysctl", "-n", "net.ipv4.conf.all.arp_announce").stdout == "0\n"


def test_interfaces_with_dots_in_their_names(lab: Callable[[Layout], NetLab]) -> None:
    """A VLAN's interface is called eth0.5, and its settings are its own."""
    node = lab(Layout(arms=1, servers=1))["lb1"]
    node.run("ip", "link", "add", "eth0.5", "type", "veth", "peer", "name", "peer.5.x")
    name = "net.ipv6.conf.eth0.5.accept_ra"
    with node.entered():
        sysctls = KernelSysctls()
        assert name in sysctls.planned()
        sysctls.write(name, "2")
        assert sysctls.read([name]) == {name: "2"}
    assert node.run("sysctl", "-n", "net.ipv6.conf.eth0/5.accept_ra").stdout == "2\n"


def test_everything_that_a_plan_may_name(lab: Callable[[Layout], NetLab]) -> None:
    """Those of the namespace, and those of each interface that it has now."""
    node = lab(Layout(arms=2, servers=1))["lb1"]
    node.nft("table inet t { chain c { type filter hook input priority 0; ct state new accept\n }\n}")
    with node.entered():
        planned = KernelSysctls().planned()
    interfaces = {f"net.ipv4.conf.{name}.rp_filter" for name in ("all", "default", "lo", "eth0", "eth1")}
    assert planned.keys() >= {*PLANNED, *interfaces, "net.ipv6.conf.eth1.accept_ra"}
    assert all(value == value.strip() for value in planned.values())


def test_what_is_not_there(lab: Callable[[Layout], NetLab]) -> None:
    """Is left out when read, and an error that names it when written."""
    with lab(Layout(arms=1, servers=1))["lb1"].entered():
        sysctls = KernelSysctls()
        assert sysctls.read(["net.ipv4.no_such", "net.ipv6.conf.eth9.accept_ra"]) == {}
        with pytest.raises(MachineError, match=r"set net\.ipv4\.no_such to 1: No such file or directory"):
            sysctls.write("net.ipv4.no_such", "1")
        with pytest.raises(MachineError, match=r"set net\.ipv4\.ip_forward to many: Invalid argument"):
            sysctls.write("net.ipv4.ip_forward", "many")
