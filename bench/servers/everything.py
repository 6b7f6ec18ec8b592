"""What runs on each server of the benchmark."""

import sys
from pathlib import Path
from subprocess import DEVNULL
from typing import Final

from bed.node import Node
from bench.loads.sizes import PAGE
from bench.network import Network
from bench.services import EXACT, IDLE, STREAM, TALK, WEB

_NGINX: Final = """\
daemon off;
user root;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {at}/pid;
error_log {at}/error.log;
events {{ worker_connections 16000; multi_accept on; }}
http {{
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path {at}/body;
	proxy_temp_path {at}/proxy;
	fastcgi_temp_path {at}/fastcgi;
	uwsgi_temp_path {at}/uwsgi;
	scgi_temp_path {at}/scgi;
	server {{
		listen {port} backlog=65535;
		location / {{ default_type text/plain; return 200 "{page}"; }}
	}}
}}
"""

_TALKERS: Final = 4
"""Processes for idle sessions: 100,000 over two servers are more than one may hold."""


def start(network: Network, at: Path) -> None:
    """Start everything on both servers, and wait until it listens. Raises BedError."""
    for server in network.servers:
        _web(server, at / server.name)
        server.popen(["iperf3", "-s", "-p", str(STREAM.ports[0])], stdout=DEVNULL, stderr=DEVNULL)
        server.popen([sys.executable, "-m", "bench.loads.talker", "1", str(TALK.ports[0])])
        server.popen([sys.executable, "-m", "bench.loads.talker", str(_TALKERS), *map(str, IDLE.ports)])
        server.popen([sys.executable, "-m", "bench.loads.exact_server", str(EXACT.ports[0])])
    for server in network.servers:
        server.wait_listening(*(port for service in (WEB, STREAM, TALK, IDLE, EXACT) for port in service.ports))


def _web(server: Node, at: Path) -> None:
    at.mkdir()
    configuration = at / "nginx.conf"
    configuration.write_text(_NGINX.format(at=at, port=WEB.ports[0], page="x" * PAGE), encoding="ascii")
    server.popen(["nginx", "-c", str(configuration), "-e", str(at / "error.log")])
