"""The `exchange` block: what the organisation behind the tables is."""

from typing import Final

from bascule.config.exchange import Version
from bascule.config.kinds.addresses import DOMAIN_NAME
from bascule.config.kinds.kind import choice
from bascule.config.kinds.texts import NAME
from bascule.config.schema.clause import Clause, Value

VERSION: Final = Value("version", choice("VERSION", {one.value: None for one in Version}, "a version of Exchange"))
NAMESPACE: Final = Value("namespace", DOMAIN_NAME)
ARRAY_FQDN: Final = Value("array-fqdn", DOMAIN_NAME)
AD_SITE: Final = Value("ad-site", NAME)

EXCHANGE: Final = Clause(
    word="exchange",
    help="the Exchange organisation that is balanced; checks, exports and advice ask it, it balances nothing by itself",
    block=(
        Clause(word="version", parts=(VERSION,), required=True, help="the version of Exchange Server"),
        Clause(word="namespace", parts=(NAMESPACE,), help="the name that clients know"),
        Clause(
            word="array-fqdn",
            parts=(ARRAY_FQDN,),
            help="Exchange 2010: the name of the client access array, which Outlook's RPC asks for",
        ),
        Clause(word="ad-site", parts=(AD_SITE,), help="the Active Directory site of the servers"),
    ),
)
