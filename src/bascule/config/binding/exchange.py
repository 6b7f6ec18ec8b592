"""Binds the `exchange` block."""

from bascule.config.exchange import ExchangeBlock
from bascule.config.outline import Node
from bascule.config.schema.clause import Value
from bascule.config.schema.exchange import AD_SITE, ARRAY_FQDN, NAMESPACE, VERSION


def exchange(top: Node) -> ExchangeBlock | None:
    """Return what the text says of Exchange, or None where it says nothing."""
    node = top.first("exchange")
    version = None if node is None else node.first("version")
    if node is None or version is None:
        return None
    return ExchangeBlock(
        version=version.match[VERSION],
        namespace=_said(node, NAMESPACE),
        array_fqdn=_said(node, ARRAY_FQDN),
        ad_site=_said(node, AD_SITE),
        span=node.match.span,
    )


def _said(node: Node, value: Value[str]) -> str:
    """Return what the statement of a value's name says, or nothing."""
    statement = node.first(value.name)
    return "" if statement is None else statement.match[value]
