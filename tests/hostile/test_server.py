"""The server, with requests over a plain socket that no browser would send."""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.hostile.uploading import form, headers, token
from tests.hostile.visitor import visiting

Answer = tuple[int, str, int]
Row = Callable[[str, str], None]
MEGABYTE = 2**20
WEBSOCKET = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
)
PATHS = ("/", "/report", "/_stcore/health", "/_stcore/host-config", "/static/absent.js", "/media/absent", "/../secret")


def ask(url: str, line: str, *headers: str, body: Iterable[bytes] = (), open_ended: bool = False) -> Answer:
    """Status and text of the answer, and how many bytes of the body the server took before it answered.

    An open-ended request has no empty line after its headers: its body is more of them.
    """
    taken = 0
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall("\r\n".join([f"{line} HTTP/1.1", *headers, "", *([] if open_ended else [""])]).encode())
        answers: list[bytes] = []

        def listen() -> None:
            try:
                while part := connection.recv(2**16):
                    answers.append(part)
                    head, end, content = b"".join(answers).partition(b"\r\n\r\n")
                    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
                    if end and len(content) >= int(length[1] if length else 0):
                        return
            except OSError:
                pass

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            for part in body:
                if not listener.is_alive():
                    break
                connection.sendall(part)
                taken += len(part)
        except OSError:  # the server has hung up
            pass
        listener.join(20)
    answer = b"".join(answers).decode("latin-1")
    return int(answer.split()[1]), answer, taken


@pytest.fixture
def host(app_url: str) -> str:
    return app_url.removeprefix("http://")


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_policy(app_url: str, host: str, path: str) -> None:
    for name in (host, "evil.example"):
        _, answer, _ = ask(app_url, f"GET {path}", f"Host: {name}", "Connection: close")
        (policy,) = re.findall("^content-security-policy: (.*)\r$", answer, re.MULTILINE | re.IGNORECASE)
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-eval" not in policy
        assert "'unsafe-inline'" not in re.findall("script-src[^;]*", policy)[0]
        for header in ("x-content-type-options: nosniff", "referrer-policy: no-referrer", "x-frame-options: DENY"):
            assert answer.lower().count(header.lower()) == 1


@pytest.mark.parametrize(
    "line", ["GET /", "POST /_stcore/agent/interact", "PUT /_stcore/upload_file/a/b", "OPTIONS /_stcore/health"]
)
def test_other_names_and_other_origins_are_refused(app_url: str, host: str, line: str, row: Row) -> None:
    def is_refused(*headers: str) -> bool:
        status, answer, _ = ask(app_url, line, *headers, "Content-Length: 0")
        return status == 403 and "\r\n\r\nThis app " in answer

    assert not is_refused(f"Host: {host}", f"Origin: http://{host}")
    assert is_refused("Host: evil.example")
    assert is_refused(f"Host: {host}", "Origin: http://evil.example")
    row("requests with another host name or from another origin, four kinds", "403")


def test_a_websocket_is_opened_to_its_own_pages_only(app_url: str, host: str, project: Path, row: Row) -> None:
    def handshake(host: str, origin: str) -> int:
        return ask(app_url, "GET /_stcore/stream", f"Host: {host}", f"Origin: {origin}", *WEBSOCKET)[0]

    assert handshake(host, f"http://{host}") == 101
    assert handshake(host, "http://evil.example") == 403
    assert handshake(host, "http://localhost:9999") == 403
    assert handshake("evil.example", "http://evil.example") == 403
    assert handshake("evil.example", f"http://{host}") == 403
    assert not (project / "outside.txt").exists()  # Streamlit would have looked up its own address there
    row("a WebSocket with another host name, from another origin or another port of this computer", "403")


@pytest.fixture
def upload_request(app_url: str, host: str) -> Iterator[tuple[str, list[str]]]:
    """The line and headers with which a session, open until the test is over, uploads a picture; the length is still to
    be added.
    """
    lines = [f"{name}: {value}" for name, value in headers(token(app_url)).items()]
    with asyncio.Runner() as runner:
        session = visiting(app_url)
        visitor = runner.run(session.__aenter__())
        place = runner.run(visitor.place_to_upload())
        yield f"PUT {place.upload_url}", [f"host: {host}", *lines]
        runner.run(session.__aexit__(None, None, None))


def chunks(content: Iterator[bytes]) -> Iterator[bytes]:
    for part in content:
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def two_hundred_megabytes() -> Iterator[bytes]:
    start, _, end = form(b"|").partition(b"|")
    yield start
    for _ in range(200):
        yield bytes(MEGABYTE)
    yield end


@pytest.mark.parametrize("session", ["this one", "another"])
@pytest.mark.parametrize("length", ["told", "not told", "told wrong"])
def test_an_upload_of_200_megabytes_is_refused_early(
    app_url: str, upload_request: tuple[str, list[str]], session: str, length: str, row: Row
) -> None:
    line, headers = upload_request
    if session == "another":
        line = re.sub(r"upload_file/[^/]+", "upload_file/00000000-0000-0000-0000-000000000000", line)
    content = two_hundred_megabytes()
    if length == "not told":
        status, _, taken = ask(app_url, line, *headers, "transfer-encoding: chunked", body=chunks(content))
    else:
        told = 200 * MEGABYTE if length == "told" else 5 * MEGABYTE
        status, _, taken = ask(app_url, line, *headers, f"content-length: {told}", body=content)
    assert status == (400 if session == "another" or length == "told wrong" else 413)
    assert taken < 30 * MEGABYTE  # of which most wait in the system's buffers, read by nobody
    row(
        "an upload of 200 MB, with right, missing or wrong length, by a known and an unknown session",
        "refused early",
    )


@pytest.mark.parametrize("forged", ["none", "2|00000000|00000000000000000000000000000000|1700000000"])
def test_an_upload_without_this_sessions_token_is_refused(
    app_url: str, upload_request: tuple[str, list[str]], forged: str, row: Row
) -> None:
    line, headers = upload_request
    without = [header for header in headers if not header.startswith("X-Xsrftoken:")]
    for added in ([], [f"X-Xsrftoken: {forged}"]):
        assert ask(app_url, line, *without, *added, "content-length: 10", body=(b"0123456789",))[0] == 403
    row("an upload without or with an unknown session token", "403")


def test_a_request_with_endless_headers_is_cut_off(app_url: str, host: str, row: Row) -> None:
    endless = (b"x-%d: %s\r\n" % (i, b"x" * 1000) for i in range(20_000))
    status, _, taken = ask(app_url, "GET /", f"Host: {host}", body=endless, open_ended=True)
    assert status == 400
    assert taken < 10 * MEGABYTE  # of which most wait in the system's buffers, read by nobody
    row("a request with 20 MB of headers", "connection closed")
