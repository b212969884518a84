import pytest

from controller.domain.checks.addresses import why_not_public


@pytest.mark.parametrize("address", ["93.184.216.34", "18.66.0.1", "2606:4700::1", "2001:4860:4860::8888"])
def test_public_addresses_are_allowed(address: str) -> None:
    """Every visitor can reach them."""
    assert why_not_public(address) == ""


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("169.254.169.254", "link-local"),  # metadata of EC2
        ("169.254.170.2", "link-local"),  # credentials of ECS
        ("fe80::1%eth0", "link-local"),
        ("fd00:ec2::254", "private"),  # metadata of EC2 again
        ("10.0.0.7", "private"),
        ("172.31.255.1", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "private"),
        ("0.0.0.0", "private"),  # noqa: S104 - not listened on
        ("255.255.255.255", "private"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("::", "private"),
        ("::ffff:169.254.169.254", "link-local"),
        ("::ffff:127.0.0.1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("2002:7f00:1::", "loopback"),
        ("::a9fe:a9fe", "private"),
        ("240.0.0.1", "private"),
        ("not an address", "unknown"),
    ],
)
def test_other_addresses_are_named(address: str, kind: str) -> None:
    """This includes the forms that hide an IPv4 address in an IPv6 address."""
    assert why_not_public(address) == f"the {kind} address {address}"
