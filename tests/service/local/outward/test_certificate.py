"""That the admin server's certificate ends soon is said once, and that another is there."""

from datetime import UTC, datetime, timedelta

from bascule.service.events import EventKind, Grade
from bascule.service.local.journal import Journal
from bascule.service.local.outward.certificate import SOON, AdminCertificate

NOW = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)


def test_it_is_said_once_and_found_as_long_as_it_is_so() -> None:
    """Nothing where there is none; a new one ends it."""
    ends: list[datetime | None] = [None]
    journal = Journal(now=lambda: NOW, write=lambda _: None)
    certificate = AdminCertificate(journal, lambda: ends[0], lambda: NOW)
    for end in (None, NOW + SOON, NOW + SOON - timedelta(days=1), NOW + timedelta(days=2), NOW + timedelta(days=400)):
        ends[0] = end
        certificate.look()
    assert [(event.event, event.grade, event.state) for event in journal.last(9)] == [
        (EventKind.CERTIFICATE, Grade.WARNING, "expires"),
        (EventKind.CERTIFICATE, Grade.INFO, "well"),
    ]
    assert list(certificate.findings()) == []
    ends[0] = NOW - timedelta(days=1)
    (words,) = certificate.findings()
    assert words.startswith("the admin server's certificate has expired on 2026-09-20")
