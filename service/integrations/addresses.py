"""Which addresses of others the product calls: those of the Internet, others only where that is allowed."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from service import errors

SCHEMES = ("http", "https")
LONGEST_URL = 2000
MOST_ADDRESSES = 3
_GLOBAL = ipaddress.ip_network("2000::/3")  # of IPv6, what is given out for the Internet


def url_problem(url: str, *, private: bool) -> str | None:
    """Why this is no address for a webhook; None where it may be one. What its name resolves to is not known here."""
    if len(url) > LONGEST_URL:
        return f"use at most {LONGEST_URL} characters"
    if not url.isprintable() or " " in url:
        return "must not contain blanks or control characters"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address like https://example.org/tidegate"
    if parts.scheme not in SCHEMES or not host:
        return "must begin with https:// or http:// and name a host"
    if parts.username is not None or parts.password is not None:
        return "must not contain a name or password: the signature says who calls"
    if parts.fragment:
        return "must not contain #: it would not be sent"
    if not private and _is_private_literal(host):
        return "leads into a private network; TIDEGATE_WEBHOOK_PRIVATE=true allows that"
    return None


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the Internet, and not to this machine or a network behind it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None) or _nat64(found)
        if inner is not None:
            return is_public(str(inner))
        if found not in _GLOBAL:
            return False
    return found.is_global and not found.is_multicast


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_private_literal(host: str) -> bool:
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def resolve(host: str, *, private: bool) -> list[str]:
    """The IP addresses of a name that may be called. Raises ExternalFailure where there is none.

    Whoever calls connects to one of these and does not resolve the name again: it may lead elsewhere by then.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise errors.ExternalFailure(f"The name {host} cannot be resolved: {problem}") from problem
    every = list(dict.fromkeys(str(one[4][0]) for one in found))
    allowed = [one for one in every if private or is_public(one)]
    if not allowed:
        raise errors.ExternalFailure(
            f"{host} leads into a private network ({every[0]}); TIDEGATE_WEBHOOK_PRIVATE=true allows that."
        )
    return allowed[:MOST_ADDRESSES]
