"""How what a probe saw besides travels from the prober to the parent: bounded, and fit to be shown when it comes."""

from typing import Annotated, Final, TypeAlias

import msgspec

from bascule.health import findings
from bascule.health.findings import LONGEST_WORDS, MOST_NAMES, MOST_PAGES, MOST_REMARKS
from bascule.health.reasons import printable, shortened

_Words: TypeAlias = Annotated[str, msgspec.Meta(max_length=4 * LONGEST_WORDS)]
_Short: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
_Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=255)]
_Moment: TypeAlias = Annotated[float, msgspec.Meta(ge=-62_135_596_800, le=253_402_300_799)]
"""Seconds since 1970, of the years 1 to 9999."""


class _Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Remark(_Wire, frozen=True):
    """See `findings.Remark`; so the others below."""

    about: _Short
    words: _Words


class SeenPage(_Wire, frozen=True):
    """See `findings.SeenPage`."""

    vdir: _Short
    well: bool
    words: _Words


class SeenCertificate(_Wire, frozen=True):
    """See `findings.SeenCertificate`."""

    fingerprint: _Short
    until: _Moment
    names: Annotated[tuple[_Name, ...], msgspec.Meta(max_length=MOST_NAMES)]


class Findings(_Wire, frozen=True):
    """See `findings.Findings`."""

    remarks: Annotated[tuple[Remark, ...], msgspec.Meta(max_length=MOST_REMARKS)] = ()
    pages: Annotated[tuple[SeenPage, ...], msgspec.Meta(max_length=MOST_PAGES)] = ()
    certificate: SeenCertificate | None = None
    maintenance: bool = False


NOTHING: Final = Findings()


def told(found: findings.Findings) -> Findings:
    """Return findings as they travel."""
    certificate = found.certificate
    return Findings(
        remarks=tuple(Remark(about=each.about, words=each.words) for each in found.remarks),
        pages=tuple(SeenPage(vdir=each.vdir, well=each.well, words=each.words) for each in found.pages),
        certificate=None
        if certificate is None
        else SeenCertificate(fingerprint=certificate.fingerprint, until=certificate.until, names=certificate.names),
        maintenance=found.maintenance,
    )


def heard(came: Findings) -> findings.Findings:
    """Return the findings that came, their texts fit to be shown: a host may own the prober that reads what it says."""
    certificate = came.certificate
    return findings.Findings(
        remarks=tuple(findings.Remark(about=_shown(each.about), words=_shown(each.words)) for each in came.remarks),
        pages=tuple(
            findings.SeenPage(vdir=_shown(each.vdir), well=each.well, words=_shown(each.words)) for each in came.pages
        ),
        certificate=None
        if certificate is None
        else findings.SeenCertificate(
            fingerprint=_shown(certificate.fingerprint),
            until=certificate.until,
            names=tuple(map(_shown, certificate.names)),
        ),
        maintenance=came.maintenance,
    )


def _shown(text: str) -> str:
    return shortened(printable(text), LONGEST_WORDS)
