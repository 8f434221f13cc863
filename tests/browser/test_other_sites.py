"""Pages of other sites cannot use the app in Chromium; and outgoing connections are detected."""

import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from playwright.sync_api import Browser

from tests.running_app import WATCH


def test_outgoing_connections_are_detected(tmp_path: Path) -> None:
    """A test of the tests: a watched program that opens an outgoing connection is stopped and reported."""
    for program in ("socket.create_connection(('192.0.2.1', 80))", "socket.getaddrinfo('outside.example', 80)"):
        watched = os.environ | {"PYTHONPATH": str(WATCH), "OUTSIDE": str(tmp_path / "outside.txt")}
        result = subprocess.run([sys.executable, "-c", f"import socket; {program}"], env=watched, capture_output=True)
        assert b"is outside" in result.stderr
    assert (tmp_path / "outside.txt").read_text().split() == [
        "socket.getaddrinfo", "192.0.2.1", "socket.getaddrinfo", "outside.example",
    ]  # fmt: skip


def test_pages_of_other_sites_cannot_read_frame_or_connect(browser: Browser, app_url: str) -> None:
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
