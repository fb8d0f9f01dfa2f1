"""Who is calling, and whether not too often: a person where one is known, an address otherwise."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from flask import request

from server.web.problems.requests import TooMany
from server.web.rate_limits import Limit
from server.web.resources import resources

_PROXY_HEADERS = ("X-Forwarded-For", "Forwarded")


def is_this_machine() -> bool:
    """Whether a program of this machine calls; behind a proxy everybody would seem to."""
    if any(header in request.headers for header in _PROXY_HEADERS):
        return False
    found = _parsed(request.remote_addr)
    return found is not None and found.is_loopback


def address() -> str | None:
    """The caller's address, as our proxy tells it; None for this machine.

    One hop is believed, and only where it calls from `NUANGANG_PROXIES`: what stands before the
    last address in the header, or in anybody else's, the caller may have written. Of an IPv6
    address the network: a household has 2^64 of them.
    """
    found = _parsed(request.remote_addr)
    if found is not None and _is_our_proxy(found):
        told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        found = _parsed(told) or found
    if found is None or found.is_loopback:
        return None
    return str(ip_network((found, 64), strict=False) if found.version == 6 else found)


def _is_our_proxy(caller: IPv4Address | IPv6Address) -> bool:
    return any(caller in network for network in resources().settings.proxy_networks)


def refuse_too_many(limit: Limit, who: str | int | None) -> None:
    """Count one more for `who`, nothing for None; raises `TooMany`."""
    if who is not None and (seconds := resources().limits.wait(limit, str(who))):
        raise TooMany(seconds)


def refuse_who_tried_too_often(limit: Limit, who: str) -> None:
    """Refuse whom `refuse_too_many` refused and would still; raises `TooMany`."""
    if seconds := resources().limits.left(limit, who):
        raise TooMany(seconds)


def refuse_too_much_chat(worker: int | None) -> None:
    """Count one more message, for the worker, or for the address of who has not signed in."""
    if worker is not None:
        refuse_too_many(Limit.CHAT, worker)
    else:
        refuse_too_many(Limit.CHAT_ADDRESS, address())


@lru_cache(maxsize=1024)
def _parsed(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text or "")
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
