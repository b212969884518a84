"""Which network addresses a check may send requests to: only public ones. Others may be internal to this account."""

import ipaddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

ADVICE = (
    "Give the environment a public URL; if this network is meant, set `allow_private_urls` to true in the environment."
)


def why_not_public(address: str) -> str:
    """Why a check may not use this IP address: `the loopback address 127.0.0.1`; "" when it is public."""
    try:
        given = ipaddress.ip_address(address)
    except ValueError:
        return f"the unknown address {address}"
    real = _embedded(given) or given
    public = real.is_global and not real.is_multicast and not real.is_reserved
    return "" if public else f"the {_called(real)} address {address}"


def _embedded(address: _Address) -> _Address | None:
    """The IPv4 address to which the network translates an IPv6 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _called(address: _Address) -> str:
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    return "multicast" if address.is_multicast else "private"
