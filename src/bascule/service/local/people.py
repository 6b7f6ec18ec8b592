"""The operations about people: who has an account, what proves it, and who is logged in."""

from msgspec import structs

from bascule.service import accounts
from bascule.service.failures import Conflict, Forbidden, OperationFailed
from bascule.service.local.account_book import AccountBook
from bascule.service.local.balancer import Balancer
from bascule.service.local.deploying import Deployments
from bascule.service.local.logins.book import LoginBook, no_accounts
from bascule.service.local.logins.directory import groups_of
from bascule.service.local.logins.places import addresses
from bascule.service.local.reloading import ConfigurationFile
from bascule.service.logins import Left, LoggedIn, LogIn, Login, LogOut, MakeSetupLink, SetUp, SetupLink, ShowLogin
from bascule.service.permissions import Role
from bascule.service.request import Context
from bascule.service.second_factor import BeginTotp, ConfirmTotp, EndTotp, TotpOff, TotpOffered, TotpOn
from bascule.service.tokens import AddToken, RemoveToken, ShowTokens, TokenChanged, TokenMade, TokenRows


class PeopleService:
    """Answers for the accounts of one parent; without `logins`, of a file that is run alone, there are none."""

    def __init__(self, balancer: Balancer, source: ConfigurationFile | Deployments, logins: LoginBook | None) -> None:
        self._balancer = balancer
        self._source = source
        self._logins = logins

    async def show_accounts(self, _: Context, __: accounts.ShowAccounts, /) -> accounts.AccountRows:
        """List them."""
        rows = await self._accounts().rows()
        return structs.replace(await self._known().codes.told(rows), groups=groups_of(self._balancer.running.configuration))

    async def account_add(self, context: Context, request: accounts.AddAccount, /) -> accounts.AccountChanged:
        """Make one."""
        _require_person(context)
        return await self._accounts().add(request)

    async def account_role(self, context: Context, request: accounts.ChangeRole, /) -> accounts.AccountChanged:
        """Have one be something else."""
        _require_person(context)
        return await self._accounts().change_role(request)

    async def account_password(self, context: Context, request: accounts.ChangePassword, /) -> accounts.AccountChanged:
        """Give one another password, if it is the asker's, or he may."""
        _require_person(context)
        book = self._accounts()
        with self._known().guarded(context):
            return await book.change_password(request, context)

    async def account_remove(self, context: Context, request: accounts.RemoveAccount, /) -> accounts.AccountChanged:
        """Take one away."""
        _require_person(context)
        return await self._accounts().remove(request)

    async def account_logout(self, context: Context, request: accounts.EndLogins, /) -> accounts.AccountChanged:
        """Log an account out of the pages everywhere."""
        return self._known().leave_everywhere(request, context)

    async def totp_begin(self, context: Context, request: BeginTotp, /) -> TotpOffered:
        """Offer an account a second factor."""
        plan = self._balancer.running.plan
        return await self._known().begin_totp(request, context, next(iter(plan.admin.names), ""))

    async def totp_confirm(self, context: Context, request: ConfirmTotp, /) -> TotpOn:
        """Have an account need codes."""
        return await self._known().confirm_totp(request, context)

    async def totp_end(self, context: Context, request: EndTotp, /) -> TotpOff:
        """Have an account need no code any more."""
        return await self._known().end_totp(request, context)

    async def show_tokens(self, context: Context, _: ShowTokens, /) -> TokenRows:
        """List API tokens."""
        return await self._known().tokens.rows(context)

    async def token_add(self, context: Context, request: AddToken, /) -> TokenMade:
        """Make one."""
        return await self._known().tokens.add(request, context)

    async def token_remove(self, context: Context, request: RemoveToken, /) -> TokenChanged:
        """Take one away."""
        return await self._known().tokens.remove(request, context)

    async def login(self, context: Context, request: LogIn, /) -> LoggedIn:
        """Let somebody in."""
        return await self._known().log_in(structs.replace(request, source=_source(context, request.source)))

    async def logout(self, context: Context, _: LogOut, /) -> Left:
        """Log whoever asks out."""
        self._known().leave(context.token)
        return Left()

    async def show_login(self, context: Context, _: ShowLogin, /) -> Login:
        """Say who asks."""
        waiting = self._source.pending if isinstance(self._source, Deployments) else None
        return Login(
            name=context.user,
            role=context.role,
            until=context.until,
            pending_until=None if waiting is None else waiting.until,
            pending_by="" if waiting is None else waiting.author,
        )

    async def setup(self, context: Context, request: SetUp, /) -> LoggedIn:
        """Make an administrator."""
        return await self._known().set_up(structs.replace(request, source=_source(context, request.source)))

    async def setup_link(self, context: Context, _: MakeSetupLink, /) -> SetupLink:
        """Make a link, for wherever the admin server answers now."""
        _require_person(context)
        plan = self._balancer.running.plan
        return self._known().setup_link(addresses(self._balancer.admin.rows(plan), plan.admin.names))

    def _known(self) -> LoginBook:
        """Return who has logged in. Raises OperationFailed where a file alone is run."""
        if self._logins is None:
            raise no_accounts(self._balancer.running.name)
        return self._logins

    def _accounts(self) -> AccountBook:
        """Return who has an account. Raises OperationFailed where a file alone is run."""
        if isinstance(self._source, Deployments):
            return self._source.accounts
        words = f"this Bascule runs {self._balancer.running.name} alone, and has no accounts: root does everything"
        raise OperationFailed(Conflict(message=words))


def _require_person(context: Context) -> None:
    """Raise OperationFailed where a program asks: what it makes would outlive its token's last day."""
    if context.program:
        raise OperationFailed(Forbidden(message="a token changes no account: log in"))


def _source(context: Context, told: str) -> str:
    """Return where somebody comes from: the web process is believed, others are known by the kernel."""
    return told if context.role is Role.VISITOR else f"uid {context.uid}"
