"""deploy/Dockerfile: what it copies is all that the app needs, and its command starts the app."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.running_app import PROJECT, free_port, wait_until_healthy

DOCKERFILE = (PROJECT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COPIED = dict(re.findall(r"^COPY (\S+) /digits/(\S*)$", DOCKERFILE, re.MULTILINE))


def test_every_package_is_copied() -> None:
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {source: target for source, target in COPIED.items() if target} == {name: name for name in packages}


def test_its_command_starts_the_app_from_what_is_copied(tmp_path: Path) -> None:
    for source, target in COPIED.items():
        if target:
            shutil.copytree(PROJECT / source, tmp_path / "digits" / target)
        else:
            assert (PROJECT / source).is_file()
    (tmp_path / "work").mkdir()
    (command,) = re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.MULTILINE)
    python, *arguments = json.loads(command)
    assert python == "python"
    port = free_port()
    arguments = [argument.replace("8501", str(port)) for argument in arguments]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "digits")}
    server = subprocess.Popen([sys.executable, *arguments], cwd=tmp_path / "work", env=environment)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}", server)
    finally:
        server.terminate()
        server.wait(timeout=60)
