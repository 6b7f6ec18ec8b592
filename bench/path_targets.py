"""The targets of the data paths."""

from collections.abc import Iterator

from bench import figures
from bench.paths import LEAST, PAST, PROXY, REDIRECT, RELAY, ROUTED, TWO_WORKERS
from bench.targets import HAPROXY, Target


def targets(processors: int) -> Iterator[Target]:
    """Yield every target of the paths on a machine with so many processors."""
    for path in (LEAST, RELAY, REDIRECT):
        floor = "the kernel's own part" if path == LEAST else ""
        for without, words in ((ROUTED, "over routing alone"), (PAST, "over no hop at all")):
            for figure, what, bound in (
                (figures.CONNECTION_CPU, "new connection", 0.25),
                (figures.MESSAGE_CPU, "message", 0.4),
            ):
                title = f"{path}: CPU added per {what}, {words}, by HAProxy's"
                yield Target(
                    title=title,
                    contender=path,
                    figure=figure,
                    bound=bound,
                    beside=HAPROXY,
                    without=without,
                    unjudged=floor,
                )
    for path in (RELAY, REDIRECT):
        yield Target(
            title=f"{path}: stream, by no balancer's",
            contender=path,
            figure=figures.STREAM,
            bound=0.95,
            at_least=True,
            beside=(ROUTED,),
        )
    yield from _memory()
    yield from _proxy(processors)


def _memory() -> Iterator[Target]:
    """HAProxy cannot hold 100,000 in one process here, so 9,000 through each are compared."""
    for path in (RELAY, REDIRECT):
        yield Target(
            title=f"{path}: memory of the machine per idle session, by HAProxy's",
            contender=path,
            figure=figures.IDLE_MACHINE,
            bound=0.15,
            beside=HAPROXY,
            without=ROUTED,
        )


def _proxy(processors: int) -> Iterator[Target]:
    for figure, bound in ((figures.STREAM, 0.95), (figures.MESSAGES, 0.95), (figures.CONNECTIONS, 0.75)):
        title = f"{PROXY}: {figure.title}, by HAProxy's"
        yield Target(title=title, contender=PROXY, figure=figure, bound=bound, at_least=True, beside=HAPROXY)
    yield Target(
        title=f"{PROXY}: {figures.IDLE_PROCESS.title}, by HAProxy's",
        contender=PROXY,
        figure=figures.IDLE_PROCESS,
        bound=0.5,
        beside=HAPROXY,
    )
    yield Target(
        title=f"{TWO_WORKERS}: new connections, by one worker's",
        contender=TWO_WORKERS,
        figure=figures.CONNECTIONS,
        bound=1.6,
        at_least=True,
        beside=(PROXY,),
        unjudged="" if processors >= 4 else f"not judged: {processors} CPUs",
    )
