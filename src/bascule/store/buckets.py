"""From what was kept moment by moment to the buckets that were asked for. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bascule.store.grids import SESSIONS
from bascule.store.measured import Bucket, Chosen, Measured
from bascule.store.tiers import Run


def bucketed(
    runs: Iterable[tuple[int, Run]], chosen: Chosen, hosts: Mapping[int, int], told: Mapping[int, Measured]
) -> Sequence[Bucket]:
    """Return the buckets of all that is told of, by its place, each relay before its hosts.

    `hosts` are those whose sum is their relay's, with the relay's place.
    """
    found: dict[tuple[int, int], list[int]] = {}
    for place, run in runs:
        for at, cell in _cut(run, chosen):
            _add(found, (place, at), cell)
    for (place, at), cell in list(found.items()):
        if place in hosts:
            _add(found, (hosts[place], at), cell, together=True)
    buckets = [Bucket(at, _filled(told[place], cell)) for (place, at), cell in found.items() if place in told]
    buckets.sort(key=lambda each: (each.measured.relay, each.measured.place, each.at))
    return buckets


def _cut(run: Run, chosen: Chosen) -> Iterator[tuple[int, list[int]]]:
    """Yield what of a run falls into each bucket where something was measured, with the beginning of the bucket."""
    moments = len(run.columns[0])
    begin = max(0, -(-(chosen.since - run.at) // run.step))
    end = min(moments, -(-(chosen.until - run.at) // run.step))
    while begin < end:
        at = run.at + begin * run.step
        bucket = at - (at - chosen.since) % chosen.step
        after = min(end, max(begin + 1, -(-(bucket + chosen.step - run.at) // run.step)))
        most = max(run.columns[SESSIONS][begin:after])
        if most:
            yield bucket, [*(sum(column[begin:after]) for column in run.columns[:SESSIONS]), most - 1]
        begin = after


def _add(
    found: dict[tuple[int, int], list[int]], key: tuple[int, int], cell: Sequence[int], *, together: bool = False
) -> None:
    """Add to a bucket; of its sessions the most counts, or the sum where they are other sessions at the same time."""
    before = found.get(key)
    if before is None:
        found[key] = list(cell)
        return
    sessions = before[SESSIONS] + cell[SESSIONS] if together else max(before[SESSIONS], cell[SESSIONS])
    found[key] = [*(a + b for a, b in zip(before[:SESSIONS], cell[:SESSIONS], strict=True)), sessions]


def _filled(of: Measured, cell: Sequence[int]) -> Measured:
    opened, from_client, from_host, checks, ups, took, sessions = cell
    return of._replace(
        opened=opened,
        from_client=from_client,
        from_host=from_host,
        sessions=sessions,
        checks=checks,
        ups=ups,
        took=took,
    )
