"""The `ldap` block: a directory whose users may log in to the pages."""

from typing import Final

from bascule.config.directory import LDAPS, MOST_GROUPS, MOST_SERVERS
from bascule.config.kinds.directory import DISTINGUISHED, ENTRY
from bascule.config.kinds.kind import choice
from bascule.config.kinds.texts import HOST_NAME
from bascule.config.schema.clause import Clause, Literal, Value, by_values
from bascule.config.schema.servers import HOST, PORT, SIGNED_BY

DOMAIN: Final = Value("domain", HOST_NAME)
BASE: Final = Value("base", DISTINGUISHED)
USER_ENTRY: Final = Value("entry", ENTRY)
GROUP: Final = Value("group", DISTINGUISHED)
ROLE: Final = Value("role", choice("ROLE", dict.fromkeys(("administrator", "operator", "viewer")), "a role"))


def _by_group(values: object) -> object:
    """Tell groups apart by their names alone."""
    assert isinstance(values, dict)
    return str(values[GROUP.name])


LDAP: Final = Clause(
    word="ldap",
    default="nobody but accounts",
    help="a directory, such as Active Directory, whose users may log in to the pages without an account, by LDAPS",
    block=(
        Clause(
            word="server",
            parts=(HOST,),
            many=True,
            identity=by_values,
            required=True,
            help=f"one of its servers, {MOST_SERVERS} at most, asked in their order until one answers",
            options=(
                Clause(word="port", parts=(PORT,), default=str(LDAPS), help="its port, where TLS comes first"),
                SIGNED_BY,
            ),
        ),
        Clause(
            word="domain",
            parts=(DOMAIN,),
            help="of Active Directory, where whoever logs in as NAME is `NAME@domain`",
        ),
        Clause(
            word="base",
            parts=(BASE,),
            default="the domain itself: `DC=example,DC=com`",
            help="where users of the domain stand; who stands elsewhere is nobody here",
        ),
        Clause(
            word="entry",
            parts=(USER_ENTRY,),
            help="of another directory than Active Directory: the name of a user's entry, with `{name}` for his own",
        ),
        Clause(
            word="group",
            parts=(GROUP, Literal("role"), ROLE),
            many=True,
            identity=_by_group,
            required=True,
            help=f"what its members may do; of several, the highest role holds; {MOST_GROUPS} groups at most",
        ),
    ),
)
