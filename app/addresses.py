"""How other people reach the app: this computer's address on its network, and the names under which the app answers."""

import re
import socket
import sys
from io import StringIO
from ipaddress import IPv4Address

import segno

HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
ELSEWHERE = ("192.0.2.1", 9)  # an address of no computer: it is reserved for documentation (RFC 5737)
PRIVACY = """\
Whoever reaches this address can use all of the app: read, see, change and delete the handwriting that is kept
here, and start trainings. Nothing is encrypted, and there is no password. Use a network that you trust.
Ctrl-C ends it."""


class AddressError(ValueError):
    """An address or a name cannot be used; the message names the cause and the cure."""


def address_here(given: str) -> str:
    """The IPv4 address of this computer on its network: the given one, or if it is empty, that of the network's route.

    Raises:
        AddressError: the given address is not one of this computer, or it is on no network.
    """
    if given:
        try:
            if IPv4Address(given).is_unspecified:
                raise ValueError
            with socket.socket() as probe:
                probe.bind((given, 0))
        except (ValueError, OSError):
            raise AddressError(
                f"{given} is no IPv4 address of this computer: `ip address` or `ipconfig` lists them"
            ) from None
        return given
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(ELSEWHERE)  # sends nothing: the system only chooses the address that it would send from
            return str(probe.getsockname()[0])
    except OSError:
        raise AddressError("this computer is on no network: connect it, or name its address") from None


def host_names(text: str) -> list[str]:
    """The names in a comma-separated list, in lower case.

    Raises:
        AddressError: one is not the name of a host.
    """
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if not HOST_NAME.fullmatch(name):
            raise AddressError(f"{name!r} is no host name: write it as digits.example.org, without http:// and port")
    return names


def invite(url: str) -> None:
    """Print the address for others, as text and as a QR code, and what it means for privacy."""
    drawn = StringIO()
    segno.make(url, micro=False).terminal(drawn, compact=True)  # blocks are light modules, two in a character
    code = drawn.getvalue()
    try:
        code.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:  # an old console: the address has to do
        code = ""
    print(f"\nOthers on your network open the app at {url}{', or with this code:' if code else ''}\n")
    if code and sys.stdout.isatty():  # phones want dark modules on light paper, whatever the terminal's colours
        code = "".join(f"\x1b[97;40m{line}\x1b[0m\n" for line in code.splitlines())
    print(f"{code}\n{PRIVACY}", flush=True)
