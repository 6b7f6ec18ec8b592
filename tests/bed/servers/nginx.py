"""nginx as the HTTPS front of an Exchange server: `healthcheck.htm` names the server, the log names the client."""

from pathlib import Path

from bed.certificates import Leaf
from bed.node import Node

_CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {at}/pid;
error_log {at}/error.log;
events {{ }}
http {{
	log_format client "$http_user_agent";
	access_log {at}/access.log client;
	client_body_temp_path {at}/body;
	proxy_temp_path {at}/proxy;
	fastcgi_temp_path {at}/fastcgi;
	uwsgi_temp_path {at}/uwsgi;
	scgi_temp_path {at}/scgi;
	server {{
		listen 443 ssl;
		listen [::]:443 ssl;
		ssl_certificate {certificate};
		ssl_certificate_key {key};
		location ~ ^/(owa|ecp|ews|oab|rpc|mapi|autodiscover)/healthcheck.htm$ {{
			default_type text/html;
			return 200 "200 OK<br/>{name}";
		}}
	}}
}}
"""


def start(node: Node, name: str, leaf: Leaf, at: Path) -> Path:
    """Start nginx on port 443; its log holds the User-Agent of each request, a line each."""
    at.mkdir()
    configuration = at / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(at=at, name=name, certificate=leaf.certificate, key=leaf.key), encoding="ascii"
    )
    node.popen(["nginx", "-c", str(configuration), "-e", str(at / "error.log")])
    return at / "access.log"
