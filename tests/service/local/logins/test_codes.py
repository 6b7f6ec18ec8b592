"""Codes of an app beside the password: enrolled by one, each good once, and replaced by recovery codes."""

from datetime import datetime

import pytest

from bascule.service.failures import Conflict, Forbidden, NotFound, OperationFailed
from bascule.service.local.logins.backoff import LONGEST_FOR_CODE
from bascule.service.local.logins.codes import OFFER_LASTS, RECOVERY_CODES
from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.service.result import Result
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp, TotpOffered, TotpOn
from bed.factors import code_of
from service.local.logins.bench import PASSWORD, Bench, asking

ALICE = asking("alice")
STEP = 30


@pytest.fixture
async def bench() -> Bench:
    """Return one with alice."""
    made = Bench()
    await made.add("alice")
    return made


async def enrolled(bench: Bench) -> tuple[str, tuple[str, ...]]:
    """Have alice need codes; return the secret, and the recovery codes."""
    offered = await bench.book.begin_totp(BeginTotp(password=PASSWORD), ALICE, "lb1")
    on = await bench.book.confirm_totp(ConfirmTotp(code=bench.code(offered.secret)), ALICE)
    return offered.secret, on.recovery_codes


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B: the last six digits of the vector for SHA-1."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert code_of(secret, datetime.fromtimestamp(1111111109).astimezone()) == "081804"


async def test_an_account_is_enrolled_by_a_code(bench: Bench) -> None:
    """Until then nothing has changed; from then on the password alone is not enough, nor the code that was shown."""
    offered = await bench.book.begin_totp(BeginTotp(password=PASSWORD), ALICE, "lb1")
    assert offered.uri == f"otpauth://totp/Bascule:alice%40lb1?secret={offered.secret}&issuer=Bascule"
    assert len(offered.secret) == 32  # 160 bits, as RFC 4226 has it
    assert await bench.log_in("alice")
    code = bench.code(offered.secret)
    on = await bench.book.confirm_totp(ConfirmTotp(code=f"{code[:3]} {code[3:]}"), ALICE)
    assert len(set(on.recovery_codes)) == RECOVERY_CODES
    for wrong in ("", code, "000000", "x" * 32):
        with pytest.raises(OperationFailed, match="name, password or code is not right"):
            await bench.log_in("alice", code=wrong)
    bench.passes(STEP)
    assert await bench.log_in("alice", code=bench.code(offered.secret))


async def test_a_code_is_good_once_and_for_a_minute(bench: Bench) -> None:
    """The one before and the one after are taken, since clocks differ; but never one before the last that was used."""
    secret, _ = await enrolled(bench)
    fits = bench.codes.fit
    bench.passes(10 * STEP)
    around = [code_of(secret, bench.now.fromtimestamp(bench.now.timestamp() + n * STEP).astimezone()) for n in range(-3, 4)]
    assert [await fits("alice", code) for code in (around[1], around[5])] == [False, False]
    assert [await fits("alice", code) for code in (around[2], around[2], around[3], around[4])] == [True, False, True, True]
    assert [await fits("alice", code) for code in around] == [False] * 7


async def test_a_recovery_code_is_good_once(bench: Bench) -> None:
    """However it is typed."""
    _, recovery = await enrolled(bench)
    typed = recovery[0].upper().replace("-", " ")
    assert [await bench.codes.fit("alice", typed) for _ in range(2)] == [True, False]
    assert await bench.codes.fit("alice", recovery[1])
    (row,) = (await bench.codes.told(await bench.accounts.rows())).rows
    assert (row.totp, row.recovery_codes) == (True, RECOVERY_CODES - 2)


async def test_other_logins_end_where_codes_begin(bench: Bench) -> None:
    """They were opened by the password alone."""
    here, there = await bench.log_in("alice"), await bench.log_in("alice")
    alice = asking("alice", token=here)
    offered = await bench.book.begin_totp(BeginTotp(password=PASSWORD), alice, "")
    await bench.book.confirm_totp(ConfirmTotp(code=bench.code(offered.secret)), alice)
    assert [await bench.role(token) for token in (here, there)] == [Role.OPERATOR, None]


async def test_an_offer_is_not_for_ever(bench: Bench) -> None:
    """A wrong code leaves it; a newer one replaces it; and there is none while codes are needed."""
    old = await bench.book.begin_totp(BeginTotp(password=PASSWORD), ALICE, "")
    new = await bench.book.begin_totp(BeginTotp(password=PASSWORD), ALICE, "")
    with pytest.raises(OperationFailed, match="that code is not right"):
        await bench.book.confirm_totp(ConfirmTotp(code=bench.code(old.secret)), ALICE)
    bench.passes(OFFER_LASTS)
    with pytest.raises(OperationFailed, match="the offer is over"):
        await bench.book.confirm_totp(ConfirmTotp(code=bench.code(new.secret)), ALICE)
    await enrolled(bench)
    with pytest.raises(OperationFailed, match="turn it off first"):
        await bench.book.begin_totp(BeginTotp(password=PASSWORD), ALICE, "")


async def test_it_takes_the_password_to_begin_and_to_end(bench: Bench) -> None:
    """Of one's own account; an administrator ends another's, and nobody else does."""
    with pytest.raises(OperationFailed, match="not the one"):
        await bench.book.begin_totp(BeginTotp(password="wrong"), ALICE, "")
    await enrolled(bench)
    owner = asking("alice", Role.ADMINISTRATOR)
    for context, password in (
        (ALICE, None),
        (owner, "wrong"),
        (asking("bob"), PASSWORD),
        (asking("alice", program="x"), PASSWORD),
    ):
        with pytest.raises(OperationFailed) as failed:
            await bench.book.end_totp(EndTotp(name="alice", password=password), context)
        assert isinstance(failed.value.failure, Forbidden)
    administrator = Context(uid=0, pid=1, user="root", role=Role.ADMINISTRATOR)
    assert (await bench.book.end_totp(EndTotp(name="alice"), administrator)).sentence == "alice needs no code any more"
    with pytest.raises(OperationFailed) as failed:
        await bench.book.end_totp(EndTotp(name="alice"), administrator)
    assert isinstance(failed.value.failure, NotFound)
    assert await bench.log_in("alice")


async def test_who_has_no_password_needs_no_code(bench: Bench) -> None:
    """There is no login that could ask for it; and a token changes nothing."""
    await bench.add("bob", password=None)
    with pytest.raises(OperationFailed) as failed:
        await bench.book.begin_totp(BeginTotp(password=""), asking("bob"), "")
    assert isinstance(failed.value.failure, Conflict)
    with pytest.raises(OperationFailed, match="a token changes no second factor"):
        await bench.book.begin_totp(BeginTotp(password=PASSWORD), asking("alice", program="backup"), "")


async def test_whoever_knows_the_password_guesses_codes_slowly(bench: Bench) -> None:
    """From wherever he tries."""
    await enrolled(bench)
    guesses = 0
    for n in range(2000):
        try:
            await bench.log_in("alice", code="000000", source=f"10.{n // 250}.{n % 250}.1")
        except OperationFailed as failed:
            guesses += isinstance(failed.failure, Forbidden)
        bench.passes(1)
    assert guesses <= 2000 / LONGEST_FOR_CODE + 10


@pytest.mark.parametrize("result", [TotpOffered(secret="s3cret", uri="s3cret"), TotpOn(recovery_codes=("s3cret",))])
def test_no_secret_is_in_what_is_logged(result: Result) -> None:
    """Nor in what asks for it."""
    told = repr([result, BeginTotp(password="s3cret"), ConfirmTotp(code="s3cret"), EndTotp(name="x", password="s3cret")])
    assert "s3cret" not in told
