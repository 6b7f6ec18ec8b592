"""How many sessions each host of each relay has now, in the kernel and in the workers."""

from collections import Counter
from ipaddress import ip_address

from bascule.config.model import EngineName
from bascule.engines.proxy.engine import ProxyEngine
from bascule.plan.model import Endpoint
from bascule.service.local.leveling import take_census
from bascule.service.local.machine import Machine
from bascule.service.local.rows import SessionCounts
from bascule.service.local.running import Running


async def session_counts(running: Running, machine: Machine, proxy: ProxyEngine) -> SessionCounts:
    """Return the sessions by relay and host. Raises MachineError."""
    counts: Counter[tuple[str, Endpoint]] = Counter()
    if running.plan.of(EngineName.KERNEL):
        living = (await take_census(machine.accounts)).living
        for relay in running.plan.of(EngineName.KERNEL):
            for host in relay.pool.hosts:
                counts[relay.name, host.endpoint] = living.get(host.mark, 0)
    if running.plan.of(EngineName.PROXY):
        for counted in (await proxy.status()).relays:
            for each in counted.hosts:
                counts[counted.name, Endpoint(ip_address(each.place.address), each.place.port)] += each.sessions
    return counts
