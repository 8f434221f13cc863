"""The commands on consoles with limited encodings, and in threads."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from tests.tiny_report import save_strokes
from training import cli, train
from training.files import PROJECT

C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def run(arguments: list[str], folder: Path, console: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONIOENCODING"}
    environment |= {"PYTHONPATH": str(PROJECT), **console}
    return subprocess.run([sys.executable, "-m", *arguments], cwd=folder, env=environment, capture_output=True)


@pytest.mark.parametrize(
    ("console", "arrow"),
    [
        ({"PYTHONIOENCODING": "utf-8"}, "→"),
        ({"PYTHONIOENCODING": "ascii"}, "->"),
        (C_LOCALE, "->"),
    ],
    ids=["utf-8", "ascii", "C"],
)
def test_a_console_without_the_arrow_gets_one_of_ascii(tmp_path: Path, console: dict[str, str], arrow: str) -> None:
    done = run(["training.train", "--dry-run", "--dataset=digits", "--threads=1"], tmp_path, console)
    assert done.returncode == 0
    assert f"ConvLayer        {arrow} (24, 24, 16)" in done.stdout.decode()
    assert done.stderr == b""


def test_evaluate_prints_ascii_where_there_is_nothing_else(tmp_path: Path) -> None:
    save_strokes(tmp_path / "drawn → mine.npz", [3, 3, 7])
    command = ["training.evaluate", "tiny", "--dataset", "drawn → mine.npz"]
    done = run(command, tmp_path, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"})
    assert done.returncode == 0
    printed = done.stdout.decode("ascii")
    assert "drawn -> mine.npz" in printed
    assert ["0", "0", "-", "-", "-"] in map(str.split, printed.splitlines())  # no picture of a 0: nothing is known
    assert done.stderr == b""


def test_errors_are_one_line_there_too(tmp_path: Path) -> None:
    done = run(["training.evaluate", "a→ä.npz"], tmp_path, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "1"})
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode("ascii").startswith(r"error: there is no file a->\xe4.npz")
    assert done.stderr.count(b"\n") == 1


def test_signs_have_an_ascii_form_and_all_others_a_code() -> None:
    assert "5 ± 1 → ≥ 4: ∂E/∂X − µ’ ü 漢".encode("ascii", "to_ascii") == rb"5 +- 1 -> >= 4: dE/dX - u' \xfc \u6f22"
    assert "± 5 → ü".encode("cp1252", "to_ascii") == "± 5 -> ü".encode("cp1252")


def test_a_run_in_a_thread_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    statuses: list[int] = []
    command = ["--recipe", "article", "--dataset", "digits", "--epochs", "1", "--threads", "2"]
    thread = Thread(target=lambda: statuses.append(train.main(command)))
    thread.start()
    thread.join()
    assert statuses == [0]
    assert Path("runs/article/weights.npz").exists()


def test_an_installed_project_does_not_name_the_commit_of_a_repository_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_somebody = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x"]
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run([*as_somebody, "commit", "-q", "--allow-empty", "--message=another project"], check=True)
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.setattr(cli, "PROJECT", site)
    assert cli.commit() == "unknown"
