"""Binds `check exchange`, and the policy that it or its table has."""

from collections.abc import Mapping

from bascule.config.matching import Match
from bascule.config.schema.check import HTTP_HOST, VDIRS
from bascule.config.schema.vdirs import VDIR
from bascule.config.vdirs import ExchangeCheck, Vdir, VdirPolicy


def exchange_check(match: Match) -> ExchangeCheck:
    """Return the check as it is written; namespace, policy of the table and server's name are for the plan to fill in.

    What its own policy names is asked for, too.
    """
    policy = vdir_policy(match.options)
    return ExchangeCheck(
        vdirs=tuple(dict.fromkeys((*match[VDIRS], *policy.required, *policy.warned))),
        host=match.option("host", HTTP_HOST) or "",
        required=policy.required,
        warned=policy.warned,
    )


def vdir_policy(said: Mapping[str, Match]) -> VdirPolicy:
    """Return what `require` and `warn` say, by their word."""
    return VdirPolicy(required=_vdirs(said.get("require")), warned=_vdirs(said.get("warn")))


def _vdirs(match: Match | None) -> tuple[Vdir, ...]:
    if match is None or not match.sound:
        return ()
    return tuple(dict.fromkeys((Vdir(match[VDIR]), *map(Vdir, match.options))))
