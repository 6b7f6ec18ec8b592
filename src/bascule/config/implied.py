"""What a text says without writing it, where it is deployed: the admin server, by which it is administered."""

from dataclasses import replace

from bascule.config.model import Configuration, HttpServer


def deployed(configuration: Configuration) -> Configuration:
    """Return what a text means where it is deployed: with an admin server, at its default place where it names none."""
    system = configuration.system
    if system.http_server is not None:
        return configuration
    return replace(configuration, system=replace(system, http_server=HttpServer(implied=True)))
