"""The app on a network: the address that it prints, and the names under which it answers."""

import http.client
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.__main__ import main
from app.addresses import AddressError, address_here, host_names, invite
from tests.running_app import PROJECT, free_port, wait_until_healthy

ADDRESS = "127.0.0.2"  # an address of this computer that is not the usual one


@contextmanager
def started(folder: Path, *options: str, address: str) -> Iterator[tuple[int, Path]]:
    """The app as `make app` starts it: its port, and the file with what it says."""
    port, log = free_port(), folder / "log.txt"
    command = [sys.executable, "-m", "app", f"--server.port={port}", "--server.headless=true", *options]
    with log.open("w") as output:
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        try:
            wait_until_healthy(f"http://{address}:{port}", server)
            yield port, log
        finally:
            server.terminate()
            server.wait(timeout=60)


def answer(address: str, port: int, host: str, **headers: str) -> tuple[int, str]:
    """The status and the text with which the app answers a request under the name `host`."""
    connection = http.client.HTTPConnection(address, port, timeout=20)
    connection.request("GET", "/_stcore/health", headers={"Host": host, **headers})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address")
def test_on_a_network_it_answers_at_its_address_there_and_under_the_given_names(tmp_path: Path) -> None:
    options = (f"--lan={ADDRESS}", "--hosts=digits.example, Other.example")
    with started(tmp_path, *options, address=ADDRESS) as (port, log):
        said = log.read_text()
        assert f"open the app at http://{ADDRESS}:{port}" in said
        assert "change and delete the handwriting" in said
        for host in (f"{ADDRESS}:{port}", "digits.example", "other.example:80"):
            assert answer(ADDRESS, port, host) == (200, "ok")
        status, text = answer(ADDRESS, port, "evil.example")
        assert status == 403
        assert "make app HOSTS=NAME" in text
        with pytest.raises(ConnectionRefusedError):
            answer("127.0.0.1", port, "localhost")


def test_a_forwarded_port_is_asked_for_localhost_by_pages_of_the_given_name(tmp_path: Path) -> None:
    with started(tmp_path, "--hosts=name-8501.example", address="127.0.0.1") as (port, _):
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        upgrade["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
        for origin, status in (("https://name-8501.example", 101), ("https://other.example", 403)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            headers = {"Host": f"localhost:{port}", "Origin": origin, **upgrade}
            connection.request("GET", "/_stcore/stream", headers=headers)
            assert connection.getresponse().status == status
            connection.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lan", "192.0.2.77"], "192.0.2.77 is no IPv4 address of this computer: "),
        (["--lan", "0.0.0.0"], "0.0.0.0 is no IPv4 address of this computer: "),
        (["--lan", "classroom"], "classroom is no IPv4 address of this computer: "),
        (["--hosts", "http://name"], "'http://name' is no host name: "),
        (["--hosts", "name,*"], "'*' is no host name: "),
        (["--hosts", "name:8501"], "'name:8501' is no host name: "),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1


def test_without_a_network_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.addresses.ELSEWHERE", ("255.255.255.255", 9))  # which is as unreachable as all are then
    with pytest.raises(AddressError, match="on no network"):
        address_here("")


def test_names_are_separated_by_commas() -> None:
    assert host_names(" A.example,b ,") == ["a.example", "b"]
    assert host_names("") == []


class Console(io.TextIOWrapper):
    """A console of some encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("encoding", "drawn"), [("utf-8", True), ("cp437", True), ("cp1252", False)])
def test_a_console_gets_the_code_in_black_on_white_if_it_can_show_it(
    encoding: str, drawn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(encoding)
    monkeypatch.setattr(sys, "stdout", console)
    invite("http://192.168.1.20:8501")
    console.seek(0)
    text = console.read()
    assert "http://192.168.1.20:8501" in text
    lines = [line for line in text.splitlines() if line.startswith("\x1b[97;40m")]
    assert bool(lines) == drawn == ("with this code" in text)
    assert all(line.endswith("\x1b[0m") for line in lines)
    assert len({len(line) for line in lines}) <= 1  # a square
