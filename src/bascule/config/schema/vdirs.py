"""`require` and `warn`: which virtual directories take a host out when they are ill."""

from typing import Final

from bascule.config.kinds.vdirs import VDIR as VDIR_KIND
from bascule.config.schema.clause import Clause, Value
from bascule.config.vdirs import Vdir

VDIR: Final = Value("virtual directory", VDIR_KIND)

_MORE: Final = tuple(Clause(word=vdir.value, help="") for vdir in Vdir)

POLICY: Final = (
    Clause(
        word="require",
        parts=(VDIR,),
        options=_MORE,
        default="all that `check exchange` names, but for those after `warn`",
        help="virtual directories of which any that is ill takes a host out; the others then only warn",
    ),
    Clause(word="warn", parts=(VDIR,), options=_MORE, help="virtual directories that only warn when they are ill"),
)
"""May stand in a table and after `check exchange`; what stands after the check wins."""
