"""The server itself, asked over a bare socket what no browser would ask, and in Chromium by another site's page."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.stage import WATCH
from tests.browser.test_draw_in_browser import picture, upload

Answer = tuple[int, str, int]
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
def test_other_names_and_other_origins_are_refused(app_url: str, host: str, line: str) -> None:
    def is_refused(*headers: str) -> bool:
        status, answer, _ = ask(app_url, line, *headers, "Content-Length: 0")
        return status == 403 and "\r\n\r\nThis app " in answer

    assert not is_refused(f"Host: {host}", f"Origin: http://{host}")
    assert is_refused("Host: evil.example")
    assert is_refused(f"Host: {host}", "Origin: http://evil.example")


def test_a_websocket_is_opened_to_its_own_pages_only(app_url: str, host: str, project: Path) -> None:
    def handshake(host: str, origin: str) -> int:
        return ask(app_url, "GET /_stcore/stream", f"Host: {host}", f"Origin: {origin}", *WEBSOCKET)[0]

    assert handshake(host, f"http://{host}") == 101
    assert handshake(host, "http://evil.example") == 403
    assert handshake(host, "http://localhost:9999") == 403
    assert handshake("evil.example", "http://evil.example") == 403
    assert handshake("evil.example", f"http://{host}") == 403
    assert not (project / "outside.txt").exists()  # Streamlit would have looked up its own address there


def test_what_leaves_this_computer_is_noticed(tmp_path: Path) -> None:
    """The test of the tests: a watched program that goes outside is stopped, and told of."""
    for program in ("socket.create_connection(('192.0.2.1', 80))", "socket.getaddrinfo('outside.example', 80)"):
        watched = os.environ | {"PYTHONPATH": str(WATCH), "OUTSIDE": str(tmp_path / "outside.txt")}
        result = subprocess.run([sys.executable, "-c", f"import socket; {program}"], env=watched, capture_output=True)
        assert b"is outside" in result.stderr
    assert (tmp_path / "outside.txt").read_text().split() == [
        "socket.getaddrinfo", "192.0.2.1", "socket.getaddrinfo", "outside.example",
    ]  # fmt: skip


def test_another_sites_page_can_neither_read_nor_frame_nor_connect(browser: Browser, app_url: str) -> None:
    class Evil(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f'<!doctype html><iframe src="{app_url}"></iframe>'.encode())

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Evil) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://localhost:{site.server_port}")
        socket_state = """url => new Promise(resolve => {
            const socket = new WebSocket(url);
            socket.onopen = () => resolve("open");
            socket.onerror = () => resolve("refused");
        })"""
        assert page.evaluate(socket_state, app_url.replace("http", "ws") + "/_stcore/stream") == "refused"
        read = "url => fetch(url).then(() => 'read', () => 'refused')"
        assert page.evaluate(read, app_url + "/_stcore/health") == "refused"
        assert page.frames[1].url == "chrome-error://chromewebdata/"
        page.close()
        site.shutdown()


@pytest.fixture
def upload_request(page: Page) -> tuple[str, list[str]]:
    """The line and headers with which this session's page uploads a picture; the length is still to be added."""
    with page.expect_request(lambda request: "/_stcore/upload_file/" in request.url) as uploading:
        upload(page, picture(5, "white", "black"))
    request = uploading.value
    headers = [f"{name}: {value}" for name, value in request.all_headers().items() if name != "content-length"]
    path = "/_stcore/" + request.url.partition("/_stcore/")[2]
    return f"{request.method} {path}", [header for header in headers if not header.startswith(":")]


def chunks(content: Iterator[bytes]) -> Iterator[bytes]:
    for part in content:
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def two_hundred_megabytes(boundary: str) -> Iterator[bytes]:
    yield f'--{boundary}\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n\r\n'.encode()
    for _ in range(200):
        yield bytes(MEGABYTE)
    yield f"\r\n--{boundary}--\r\n".encode()


@pytest.mark.parametrize("session", ["this one", "another"])
@pytest.mark.parametrize("length", ["told", "not told", "told wrong"])
def test_an_upload_of_200_megabytes_is_refused_early(
    app_url: str, host: str, upload_request: tuple[str, list[str]], session: str, length: str
) -> None:
    line, headers = upload_request
    if not any(header.startswith("host:") for header in headers):
        headers = [f"host: {host}", *headers]
    boundary = next(header for header in headers if header.startswith("content-type:")).partition("boundary=")[2]
    if session == "another":
        line = re.sub(r"upload_file/[^/]+", "upload_file/00000000-0000-0000-0000-000000000000", line)
    content = two_hundred_megabytes(boundary)
    if length == "not told":
        status, _, taken = ask(app_url, line, *headers, "transfer-encoding: chunked", body=chunks(content))
    else:
        told = 200 * MEGABYTE if length == "told" else 5 * MEGABYTE
        status, _, taken = ask(app_url, line, *headers, f"content-length: {told}", body=content)
    assert status == (400 if session == "another" or length == "told wrong" else 413)
    assert taken < 30 * MEGABYTE  # of which most wait in the system's buffers, read by nobody


def test_an_upload_without_this_sessions_token_is_refused(
    app_url: str, host: str, upload_request: tuple[str, list[str]]
) -> None:
    line, headers = upload_request
    forged = [header for header in headers if not header.startswith(("x-xsrftoken:", "host:"))]
    assert ask(app_url, line, f"host: {host}", *forged, "content-length: 10", body=(b"0123456789",))[0] == 403


def test_a_request_with_endless_headers_is_cut_off(app_url: str, host: str) -> None:
    endless = (b"x-%d: %s\r\n" % (i, b"x" * 1000) for i in range(20_000))
    status, _, taken = ask(app_url, "GET /", f"Host: {host}", body=endless, open_ended=True)
    assert status == 400
    assert taken < 10 * MEGABYTE  # of which most wait in the system's buffers, read by nobody
