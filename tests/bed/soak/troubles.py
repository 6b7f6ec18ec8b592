"""What goes wrong in a soak, and what administrators do meanwhile; each trouble says what it explains."""

import json
import os
import random
import re
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from bed.command import end
from bed.soak.place import PROXIED, Place, texts
from bed.soak.timeline import Failure, Kind, Timeline
from bed.wait import until

_HOST_GONE: Final = (Kind.NEW, Kind.STANDING, Kind.DATAGRAM, Kind.SPLIT, Kind.HOSTS)
_LONGEST: Final = 60.0
"""Seconds that a busy machine may take for what should happen."""
_KILLING: Final = 0.2
"""How often a process is killed after the first time round: seldom, so that others live long enough to be seen growing."""
_DEAF: Final = """\
table inet t_soak {
	chain c_in { type filter hook input priority -10; drop; }
	chain c_out { type filter hook output priority -10; drop; }
}
"""
_EVENTS: Final = {
    "host": Kind.HOSTS,
    "relay": Kind.HOSTS,
    "affinity": Kind.HOSTS,
    "sessions": Kind.HOSTS,
    "worker": Kind.PROCESSES,
    "rules": Kind.RULES,
}
"""Events that a trouble may bring; others with a warning are never well: what the machine refused, or is suspected of."""


class Troubles:
    """Deals troubles until the time is over, each kind once before any comes again."""

    def __init__(self, place: Place, timeline: Timeline, chance: random.Random, over: threading.Event) -> None:
        self._place = place
        self._timeline = timeline
        self._chance = chance
        self._over = over
        self._heard = 0

    def run(self) -> None:
        """Make trouble until it is over; everything is whole again afterwards."""
        self._heard = round(time.time() * 1e6)  # what the start brought is none of ours
        killing = 1.0
        while not self._over.is_set():
            for trouble in self._dealt(killing):
                if self._over.is_set():
                    break
                trouble()
                self.hear()
                self._over.wait(self._chance.uniform(0.2, 1.0))
            killing = _KILLING
        self._reload(0)
        self._wait_up()
        self.hear()

    def hear(self) -> None:
        """Read what the balancer has told since the last time, and note what no trouble brings."""
        lines = self._command("show", "log", "--last", "10000", "--json").splitlines()
        events: list[dict[str, Any]] = [json.loads(line) for line in lines]
        fresh, self._heard = [each for each in events if _at(each) > self._heard], max(map(_at, events), default=0)
        for event in fresh:
            if event["grade"] == "warning" or event.get("state") == "down" or "could not" in event["words"]:
                self._note(event)

    def _note(self, event: dict[str, Any]) -> None:
        at, name, words = _at(event) / 1e6, event["event"], event["words"]
        kind = Kind.NEVER if "could not" in words else _EVENTS.get(name, Kind.NEVER)
        self._timeline.fail(Failure(kind=kind, what=f"{name}: {words}", begun=at, ended=at, host=event.get("host", "")))

    def _dealt(self, killing: float) -> Sequence[Callable[[], None]]:
        """Return every trouble once, in an order of chance; those that kill a process only so often."""
        killers = [each for each in (self._kill_the_probe, self._kill_a_worker) if self._chance.random() < killing]
        deck = [
            *killers,
            self._stop_a_service,
            self._silence_a_host,
            self._reload_another,
            self._drain_a_host,
            self._disable_a_host,
            self._flush_a_host,
            self._kill_a_client,
            self._look,
            self._poll,
            self._reload_another,
            self._flush_our_table,
        ]
        self._chance.shuffle(deck)
        return deck

    # --- hosts that flap ---------------------------------------------------------------------------------------------

    def _stop_a_service(self) -> None:
        server = self._chance.choice(self._place.servers)
        with self._timeline.trouble(f"service of {server.name} stopped", *_HOST_GONE, host=server.name):
            end(server.process)
            self._over.wait(self._chance.uniform(0.5, 6.0))
            server.serve()
            self._wait_up()

    def _silence_a_host(self) -> None:
        server = self._chance.choice(self._place.servers)
        with self._timeline.trouble(f"{server.name} silent", *_HOST_GONE, host=server.name):
            server.node.nft(_DEAF)
            self._over.wait(self._chance.uniform(0.5, 12.0))
            server.node.nft("delete table inet t_soak")
            self._wait_up()

    def _wait_up(self) -> None:
        """Wait until every host is up, as a poll finds it and as slots are dealt."""

        def all_up() -> bool:
            return all(state == "up" for hosts in self._place.balancer.relays().values() for state in hosts.values())

        until(all_up, within=_LONGEST, what="every host is up again", every=0.5)

    # --- what administrators do --------------------------------------------------------------------------------------

    def _reload_another(self) -> None:
        with self._timeline.trouble("reload"):
            self._reload(self._chance.randrange(len(texts())))

    def _reload(self, number: int) -> None:
        self._place.balancer.configuration.write_text(texts()[number], encoding="utf-8")
        self._command("reload")

    def _drain_a_host(self) -> None:
        host = self._chance.choice(self._place.servers).name
        with self._timeline.trouble(f"drain {host}", Kind.SPLIT):
            self._command("host", "drain", host, "--reason", "a soak")
            self._over.wait(self._chance.uniform(0.2, 2.0))
            self._command("host", "enable", host)
            self._wait_up()

    def _disable_a_host(self) -> None:
        host = self._chance.choice(self._place.servers).name
        with self._timeline.trouble(f"disable {host}", Kind.STANDING, Kind.NEW, Kind.SPLIT, Kind.HOSTS, host=host):
            self._command("host", "disable", host)
            self._over.wait(self._chance.uniform(0.2, 2.0))
            self._command("host", "enable", host)
            self._wait_up()

    def _flush_a_host(self) -> None:
        host = self._chance.choice(self._place.servers).name
        with self._timeline.trouble(f"flush {host}", Kind.STANDING, Kind.NEW, host=host):
            self._command("host", "flush", host)

    def _kill_a_client(self) -> None:
        client = self._chance.choice(self._place.clients)
        with self._timeline.trouble(f"kill {client}", Kind.STANDING, Kind.NEW, Kind.DATAGRAM, client=client):
            self._command("kill", "--client", client)

    def _look(self) -> None:
        with self._timeline.trouble("look"):
            for words in (
                ("show", "summary"),
                ("show", "sessions"),
                ("client", self._place.clients[0]),
                ("show", "firewall"),
            ):
                self._command(*words)

    def _poll(self) -> None:
        with self._timeline.trouble("poll"):
            self._command("poll")

    # --- processes and rules -----------------------------------------------------------------------------------------

    def _kill_the_probe(self) -> None:
        """Kill what checks the hosts: their states stay, so that it explains no failure of a client's."""
        probe = self._place.balancer.probe()
        with self._timeline.trouble("probe killed", Kind.PROCESSES):
            os.kill(probe, signal.SIGKILL)
            until(lambda: self._place.balancer.probe() not in (0, probe), within=_LONGEST, what="a new probe")

    def _kill_a_worker(self) -> None:
        worker = self._chance.choice(self._place.balancer.workers())
        kinds = (Kind.STANDING, Kind.NEW, Kind.PROCESSES)
        with self._timeline.trouble("worker killed", *kinds, relay=PROXIED.name):
            os.kill(worker, signal.SIGKILL)
            until(lambda: worker not in self._place.balancer.workers(), within=_LONGEST, what="the worker is gone")
            until(self._place.balancer.workers, within=_LONGEST, what="a new worker")
            until(lambda: "is now process" in self._command("show", "log"), within=_LONGEST, what="it is said", every=0.5)

    def _flush_our_table(self) -> None:
        """Sessions that stand are translated by their states; new ones meet no rule of ours for a moment."""
        rules = self._rules()
        with self._timeline.trouble("our table flushed", Kind.NEW, Kind.DATAGRAM, Kind.RULES):
            self._place.lb.run("nft", "flush", "table", "inet", "bascule")
            until(lambda: self._rules() == rules, within=_LONGEST, what="our rules are back", every=0.2)

    def _rules(self) -> int:
        """Return how many rules our table has."""
        listed = self._place.lb.run("nft", "-nn", "-t", "list", "table", "inet", "bascule", check=False).stdout
        return len(re.findall(r'comment "', listed))

    def _command(self, *words: str) -> str:
        """Run a command, which must succeed whatever else is going on."""
        begun = time.time()
        done = self._place.balancer.command(*words, check=False)
        if done.returncode:
            what = f"{' '.join(words)}: {done.returncode}: {done.stderr.strip()}"
            self._timeline.fail(Failure(kind=Kind.NEVER, what=what, begun=begun, ended=time.time()))
        return done.stdout


def _at(event: dict[str, Any]) -> int:
    """Return when an event happened: microseconds since 1970."""
    return round(datetime.fromisoformat(event["time"]).timestamp() * 1e6)
