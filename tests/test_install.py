"""The wheel: it contains every file of the project, and works in an unrelated folder."""

import ast
import itertools
import os
import re
import socket
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from model.classifier import DigitClassifier
from model.pretrained import path_of
from tests.running_app import free_port, wait_until_healthy

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("app", "data", "model", "training")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = ("cluster", "onnx", "safetensors", "tensorboard")
# The last five are contestants of `make bench`, which says so if one is not installed.
FOR_EXTRAS = ("onnx_graph.py", "pytorch.py", "pytorch_sprint.py", "onnx_runtime.py", "jax_twin.py", "keras_twin.py")
LOCKED_RUFF = re.findall(r"^ruff==(\S+)", (ROOT / "requirements-dev.lock").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this project, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment variables with which Python finds the unpacked wheel, and an empty home."""
    site, home = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("home")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return {**os.environ, "PYTHONPATH": str(site), "HOME": str(home)}


def test_the_wheel_holds_every_file_of_the_rooms_and_the_licence_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())
    files = {file for room in ROOMS for file in (ROOT / room).rglob("*") if file.is_file() and file.suffix != ".pyc"}
    assert names == {file.relative_to(ROOT).as_posix() for file in files}
    assert {"model/pretrained/best.npz", "app/.streamlit/config.toml", "app/components/drawing_pad/pad.js"} <= names


@pytest.mark.slow
def test_evaluate_runs_from_the_wheel_in_an_empty_folder(installed: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.evaluate", "tiny", "--dataset", "digits"]
    output = subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True, check=True).stdout
    assert f"weights      {installed['PYTHONPATH']}/model/pretrained/tiny.npz" in output
    assert (tmp_path / "runs/pretrained-tiny/report/digits/report.html").exists()


def test_the_app_runs_from_the_wheel_and_keeps_its_files_where_it_was_started(
    installed: dict[str, str], tmp_path: Path
) -> None:
    program = """
from app.components.weights_picker import ROOT, list_weights, name_of
print(ROOT, *[name_of(weights.path) for weights in list_weights(ROOT)[0]])
"""
    command = [sys.executable, "-c", program]
    offered = subprocess.run(command, cwd=tmp_path, env=installed, capture_output=True, text=True, check=True).stdout
    pretrained = [f"model/pretrained/{name}.npz" for name in ("article", "best", "quick", "tiny")]
    assert offered.split() == [str(tmp_path), *pretrained]

    port = free_port()
    command = [sys.executable, "-m", "app", f"--server.port={port}", "--server.headless=true"]
    with subprocess.Popen(command, cwd=tmp_path, env=installed, stdout=subprocess.DEVNULL) as server:
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", server)
            # Its settings came along, which keep it at 127.0.0.1; Streamlit's own answer at every address.
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.2", port))
        finally:
            server.terminate()


def test_every_library_that_is_imported_is_declared() -> None:
    extras = {name: needed for name, needed in PYPROJECT["project"]["optional-dependencies"].items() if name in EXTRAS}
    needed = [*PYPROJECT["project"]["dependencies"], *itertools.chain(*extras.values())]
    declared = set(re.findall(r"^[a-z0-9-]+", "\n".join(needed), re.MULTILINE))
    distributions = packages_distributions()
    imported = set()
    for file in [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names.append(node.module or "")
            imported |= {name.partition(".")[0] for name in names}
    contestants = {"torch", "jax", "keras", "onnxruntime"}  # of `make bench`
    unlocked = {"pillow_heif"}  # an extra of its own, for the licence of what its wheels contain
    libraries = imported - set(sys.stdlib_module_names) - set(ROOMS) - contestants - unlocked
    assert {distributions[name][0].lower() for name in libraries} == declared


def test_no_library_of_an_extra_is_imported_before_it_is_needed(tmp_path: Path) -> None:
    """Every module is imported but the pages, which are scripts, and what is only imported for an extra."""
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for room in ROOMS
        for file in (ROOT / room).rglob("*.py")
        if not file.is_relative_to(ROOT / "app/pages") and file.name not in ("main.py", *FOR_EXTRAS)
    ]
    program = f"""
import importlib, sys
for module in {modules}:
    importlib.import_module(module)
print(*sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    imported = {name.partition(".")[0] for name in output.split()}
    assert imported & {"onnx", "onnxruntime", "safetensors", "dask", "distributed", "tensorboard"} == set()


def test_the_weights_that_come_with_the_project_have_the_same_names_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    best = ROOT / "model/pretrained/best.npz"
    assert path_of("best") == path_of("model/pretrained/best.npz") == path_of(best) == best
    assert DigitClassifier.load("tiny").header["recipe"] == "tiny"
    for name in ("best.npz", "runs/best", "worst", "__init__", "model/pretrained/worst.npz"):
        assert path_of(name) == Path(name)
    Path("best").write_text("mine")
    assert path_of("best") == Path("best")


def test_commits_are_checked_with_the_ruff_that_is_locked() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"ruff==([^\]]+)", hooks)) == set(LOCKED_RUFF)


@pytest.fixture
def make(tmp_path: Path) -> Path:
    """A folder with the Makefile, and a Python that only says what it was asked to do."""
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "requirements.lock").touch()
    (tmp_path / ".venv/ready").touch()
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["evaluate"], "<-m><training.evaluate><runs/quick/weights.npz>"),
        (
            ["evaluate", "WEIGHTS=runs/Anna's 2nd/weights.npz", "DATASET=my digits", "ARGS=--output 'my report'"],
            "<-m><training.evaluate><runs/Anna's 2nd/weights.npz><--dataset><my digits><--output><my report>",
        ),
        (["train", "RECIPE=best", "ARGS=--seed 1"], "<-m><training.train><--recipe><best><--seed><1>"),
        (["app", "PORT=8600", "HEADLESS=1"], "<-m><app><--server.port><8600><--server.headless><true>"),
    ],
)
def test_make_passes_names_with_blanks(make: Path, arguments: list[str], asked: str) -> None:
    settings = {"MAKEFLAGS", "MAKELEVEL", "ARGS", "WEIGHTS", "DATASET"}  # of the make that runs these tests
    environment = {name: value for name, value in os.environ.items() if name not in settings}
    command = ["make", "-s", *arguments]
    output = subprocess.run(command, cwd=make, env=environment, capture_output=True, text=True, check=True).stdout
    assert output == asked
