"""Python loads this before a watched program: outgoing connections are logged and fail."""

import os
import sys
from typing import Any

HERE = (None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1")


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # no tuple: a file of this computer
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    if host not in HERE:
        with open(os.environ["OUTSIDE"], "a", encoding="utf-8") as file:
            print(event, host, file=file)
        raise ConnectionRefusedError(f"{host} is outside")


sys.addaudithook(watch)
