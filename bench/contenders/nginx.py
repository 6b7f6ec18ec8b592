"""nginx's stream module, with one worker."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bed.command import end
from bench.contenders.contender import folder
from bench.network import Network
from bench.services import SERVICES, STREAM, VIP, Service

_TOP: Final = """\
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {at}/pid;
error_log {at}/error.log;
events {{ worker_connections 19500; multi_accept on; }}
stream {{
	proxy_half_close on;
	proxy_timeout 40m;
	proxy_connect_timeout 5s;
{servers}}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """nginx as a TCP proxy; half-closed sessions must go on, and streams get larger buffers."""

    name: str = "nginx"
    workers: int = 1
    entrances: Sequence[str] = (VIP, VIP)
    balances: bool = True

    @contextmanager
    def running(self, network: Network, at: Path) -> Iterator[None]:
        """Run it in the foreground."""
        place = folder(at, self.name)
        servers = "".join(_server(service, port) for service in SERVICES for port in service.ports)
        configuration = place / "nginx.conf"
        configuration.write_text(_TOP.format(at=place, servers=servers), encoding="ascii")
        argv = ["nginx", "-c", str(configuration), "-e", str(place / "error.log")]
        process = network.start_on_balancer(argv, self.workers)
        try:
            network.balancer.wait_listening(*(port for service in SERVICES for port in service.ports))
            yield
        finally:
            end(process)


def _server(service: Service, port: int) -> str:
    name = f"{service.name}_{port}"
    servers = "".join(f"\t\tserver {address}:{port};\n" for address in service.servers)
    buffer = " proxy_buffer_size 64k;" if service is STREAM else ""
    return (
        f"\tupstream {name} {{\n{servers}\t}}\n"
        f"\tserver {{ listen {VIP}:{port} backlog=65535; proxy_pass {name};{buffer} }}\n"
    )
