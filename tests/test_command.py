"""The command `digits`: each word runs the main of its module, with the options that follow."""

import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from app import command
from app.command import COMMANDS, main
from training.files import PROJECT


def test_it_is_what_pip_installs() -> None:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"digits": "app.command:main"}


def test_a_word_runs_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "--dataset", "digits", "--recipe", "sprint", "--epochs", "1", "--threads", "1"]) == 0
    assert main(["evaluate", "runs/sprint/weights.npz", "--dataset", "digits"]) == 0
    assert Path("runs/sprint/report/report.html").exists()
    assert main(["read", "absent.png"]) == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_options_and_status_are_passed_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def stand_in(arguments: list[str]) -> int:
        seen.append(arguments)
        return 7

    monkeypatch.setattr(import_module(COMMANDS[name][0]), "main", stand_in)
    assert main([name, "--help", "x", "--version"]) == 7
    assert seen == [["--help", "x", "--version"]]


def test_it_says_its_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "version", lambda name: f"9.8 of {name}")
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == "digits-from-scratch 9.8 of digits-from-scratch\n"


@pytest.mark.parametrize("arguments", [[], ["paint"]])
def test_other_words_are_refused_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert all(f"    {name} " in out for name in COMMANDS)
