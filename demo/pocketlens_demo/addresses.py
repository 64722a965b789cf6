"""The addresses at which other computers and phones reach the page."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit, urlunsplit

import segno

from pocketlens_demo.limits import LOOPBACK

_ALL = ("0.0.0.0", "::")
_ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of nobody: for a datagram that is never sent."""


def reachable(host: str) -> str:
    """The address of this computer for others, where the page listens on `host`."""
    if host not in _ALL:
        return host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_ELSEWHERE[family], 9))
            return str(probe.getsockname()[0])
    except OSError:  # without a network
        return socket.gethostname()


def with_host(url: str, host: str) -> str:
    """The URL, with the host in place of one that only this computer understands."""
    parts = urlsplit(url)
    if parts.hostname not in (*LOOPBACK, *_ALL):
        return url
    place = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{place}:{parts.port}" if parts.port else place))


def qr_code(url: str) -> str:
    """The URL for the camera of a phone, as the data URL of an SVG."""
    return str(segno.make(url, micro=False).svg_data_uri(scale=5, border=4, light="#fff"))
