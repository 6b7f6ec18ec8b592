"""What statements about other people's servers share: where one is, and who signs its certificate."""

from typing import Final

from bascule.config.kinds.addresses import HOST as HOST_KIND
from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.texts import PATH
from bascule.config.model import Address
from bascule.config.schema.clause import Clause, Value

HOST: Final[Value[Address | str]] = Value("host", HOST_KIND)
PORT: Final = Value("port", PORT_KIND)
AUTHORITY: Final = Value("authority", PATH)

SIGNED_BY: Final = Clause(
    word="certificate-authority",
    parts=(AUTHORITY,),
    default="whom this machine trusts",
    help="a file in PEM of those who may sign its certificate",
)
