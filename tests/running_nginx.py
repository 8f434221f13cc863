"""Several processes of the app behind nginx, with the configuration of `deploy/`, on free ports."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.running_app import PROJECT, app_process, free_port, wait_until_healthy

CONFIGURATION = PROJECT / "deploy" / "nginx.conf"
# What a system's own nginx.conf says around it. As root, nginx would answer as a user who may not read this folder.
AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-errors.txt;
events {{ worker_connections 1024; }}
http {{
    log_format processes "$cookie_digits_process $upstream_addr $status";
    access_log {folder}/nginx.txt processes;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/digits.conf;
}}
"""


class NoNginx(RuntimeError):
    """There is no nginx on this computer."""


@dataclass
class Front:
    """Where nginx answers; the ids of the app's processes; and nginx's log: cookie, process and status a line."""

    url: str
    processes: list[int]
    log: Path

    def end_process(self, number: int) -> None:
        os.kill(self.processes[number], signal.SIGKILL)


@contextmanager
def behind_nginx(project: Path, processes: int) -> Iterator[Front]:
    """The app of a copy of the project, whose processes share its handwriting file.

    Raises:
        NoNginx: it is not installed.
    """
    program = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if program is None:
        raise NoNginx("there is no nginx: apt-get install nginx-light")
    with ExitStack() as stack:
        apps = [stack.enter_context(app_process(project)) for _ in range(processes)]
        port = free_port()
        servers = "".join(f"server {urlsplit(url).netloc}; " for url, _ in apps)
        text = CONFIGURATION.read_text(encoding="utf-8")
        for known, ours in (
            ("    server 127.0.0.1:8501;\n    server 127.0.0.1:8502;\n", servers),
            ("listen 80;", f"listen 127.0.0.1:{port};"),
        ):
            assert text.count(known) == 1
            text = text.replace(known, ours)
        (project / "digits.conf").write_text(text)
        user = "user root;" if os.getuid() == 0 else ""
        (project / "nginx.conf").write_text(AROUND.format(folder=project, user=user))
        command = [program, "-e", f"{project}/nginx-errors.txt", "-p", str(project), "-c", f"{project}/nginx.conf"]
        server = subprocess.Popen(command)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, server)
            yield Front(url, [process for _, process in apps], project / "nginx.txt")
        finally:
            server.terminate()
            server.wait(timeout=60)
