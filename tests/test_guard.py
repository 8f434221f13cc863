"""The guard, called directly, in front of an app that records the requests that reach it."""

from collections.abc import Coroutine
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.guard import Guard

HOSTS = ["localhost", "127.0.0.1", "digits.example"]
ORIGINS = ["https://digits.example"]
HEADERS = {"X-Content-Type-Options": "nosniff"}


class Inside:
    """What the guard guards."""

    def __init__(self, fail: bool = False) -> None:
        self.reached: list[str] = []
        self.hosts: list[bytes] = []  # as it sees them
        self.fail = fail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.reached.append(scope["type"])
        self.hosts += [value for name, value in scope["headers"] if name == b"host"]
        if self.fail:
            raise RuntimeError("a mistake inside")
        if scope["type"] == "http":
            own = [(b"x-content-type-options", b"sniff"), (b"x-own", b"kept")]
            await send({"type": "http.response.start", "status": 200, "headers": own})
            await send({"type": "http.response.body", "body": b"inside"})


def run(program: Coroutine[Any, Any, None]) -> None:
    """Run it to its end. No event loop is needed: nothing here waits, and the browser tests hold the thread's own."""
    try:
        program.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits for something")


def ask(inside: Inside, kind: str, *headers: tuple[str, str]) -> list[Message]:
    """What the guard answers to a request with these headers."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in headers]
    scope: dict[str, Any] = {"type": kind, "path": "/", "headers": encoded}
    run(Guard(inside, HOSTS, ORIGINS, HEADERS)(scope, receive, send))
    return sent


GOOD = [
    [("host", "localhost:8501")],
    [("host", "127.0.0.1")],
    [("host", "LOCALHOST:8501")],
    [("host", "localhost:8501"), ("origin", "http://localhost:8501")],
    [("host", "localhost:8501"), ("origin", "https://localhost:8501")],  # something before this server speaks TLS
    [("host", "localhost:8501"), ("origin", "HTTP://Localhost:8501")],
    [("host", "digits.example"), ("origin", "https://digits.example")],
    [("host", "digits.example:8501"), ("origin", "http://digits.example:8501")],
    [("host", "localhost:8501"), ("origin", "https://digits.example")],  # a forwarded port, whose name was allowed
]
BAD = [
    [],
    [("host", "")],
    [("host", "evil.example")],
    [("host", "evil.example:8501"), ("origin", "http://evil.example:8501")],
    [("host", "localhost.evil.example")],
    [("host", "localhost:8501@evil.example")],
    [("host", "evil.example#localhost")],
    [("host", "localhost:8501"), ("host", "evil.example")],
    [("host", "localhost:8501"), ("origin", "http://evil.example")],
    [("host", "localhost:8501"), ("origin", "http://localhost:9999")],
    [("host", "localhost:8501"), ("origin", "http://localhost")],
    [("host", "localhost:8501"), ("origin", "http://digits.example")],
    [("host", "localhost:8501"), ("origin", "https://digits.example:9999")],
    [("host", "evil.example"), ("origin", "https://digits.example")],
    [("host", "localhost:8501"), ("origin", "null")],
    [("host", "localhost:8501"), ("origin", "")],
    [("host", "localhost:8501"), ("origin", "localhost:8501")],
    [("host", "localhost:8501"), ("origin", "http://localhost:8501"), ("origin", "http://evil.example")],
]


@pytest.mark.parametrize("headers", GOOD)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_requests_of_its_own_pages_are_allowed(kind: str, headers: list[tuple[str, str]]) -> None:
    inside = Inside()
    ask(inside, kind, *headers)
    assert inside.reached == [kind]


@pytest.mark.parametrize("headers", BAD)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_other_hosts_and_origins_are_refused(kind: str, headers: list[tuple[str, str]]) -> None:
    inside = Inside()
    first, *_ = ask(inside, kind, *headers)
    assert inside.reached == []
    assert first["type"] == {"http": "http.response.start", "websocket": "websocket.close"}[kind]
    assert first.get("status", 403) == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_forwarded_request_looks_as_if_it_had_come_straight(kind: str) -> None:
    """Else Streamlit, which compares the two names itself, would ask an outside service for its address."""
    inside = Inside()
    ask(inside, kind, ("host", "localhost:8501"), ("origin", "https://digits.example"))
    ask(inside, kind, ("host", "localhost:8501"), ("origin", "http://localhost:8501"))
    assert inside.hosts == [b"digits.example", b"localhost:8501"]


def test_a_refusal_names_the_setting_that_allows_the_request() -> None:
    _, name = ask(Inside(), "http", ("host", "192.168.1.20:8501"))
    assert b"LAN=1" in name["body"]
    assert b"HOSTS=NAME" in name["body"]
    _, origin = ask(Inside(), "http", ("host", "localhost"), ("origin", "https://other.example"))
    assert b"HOSTS=NAME" in origin["body"]


def test_every_answer_carries_the_headers_once() -> None:
    good, _ = ask(Inside(), "http", *GOOD[0])
    assert good["headers"] == [(b"x-content-type-options", b"nosniff"), (b"x-own", b"kept")]
    bad, _ = ask(Inside(), "http", *BAD[0])
    assert (b"x-content-type-options", b"nosniff") in bad["headers"]


def test_an_error_in_the_app_gets_the_headers_and_is_still_raised() -> None:
    inside, sent = Inside(fail=True), list[Message]()

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost")]}
    with pytest.raises(RuntimeError, match="a mistake inside"):
        run(Guard(inside, HOSTS, ORIGINS, HEADERS)(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 500
    assert (b"x-content-type-options", b"nosniff") in sent[0]["headers"]
    assert b"mistake" not in sent[1]["body"]


def test_an_error_after_the_answer_began_begins_no_second_one() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)
        if message["type"] == "http.response.body":
            raise RuntimeError("the connection is gone")

    scope = {"type": "http", "path": "/", "headers": [(b"host", b"localhost")]}
    with pytest.raises(RuntimeError, match="the connection is gone"):
        run(Guard(Inside(), HOSTS, ORIGINS, HEADERS)(scope, None, send))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


def test_lifespan_messages_pass_through() -> None:
    inside = Inside()
    ask(inside, "lifespan")
    assert inside.reached == ["lifespan"]
