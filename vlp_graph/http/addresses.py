"""Which addresses a server may be sent to by its callers: not to itself, its neighbours, or its cloud's metadata.

`ipaddress.is_global` alone is not enough: it calls IPv4 addresses in IPv6 clothes (6to4, NAT64, IPv4-compatible) and
multicast global.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_METADATA = IPv6Address("fd00:ec2::254")


def is_allowed(address: str, *, private: bool) -> bool:
    """Whether a picture may be fetched from an address; `private`: from the own network, too."""
    try:
        ip = _plain(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if ip.is_multicast or ip.is_unspecified or ip.is_link_local or ip == _METADATA:
        return False
    if isinstance(ip, IPv6Address):
        return (ip.is_global and ip in _UNICAST) or (private and (ip.is_private or ip.is_loopback))
    return (ip.is_global and not ip.is_reserved) or (private and ip.is_private and not ip.is_reserved)


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, where it stands for one."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip
