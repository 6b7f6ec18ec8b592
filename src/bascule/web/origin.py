"""How somebody came to this machine, for whoever must not lock him out."""

from starlette.requests import HTTPConnection

from bascule.service.request import Origin


def origin_of(connection: HTTPConnection) -> Origin | None:
    """Return it as the connection itself has it; None where it does not tell."""
    client, server = connection.client, connection.scope.get("server")
    if client is None or server is None or not server[1]:
        return None
    return Origin(source=client.host, to=server[0], port=server[1])
