"""The command line of the accuracy report."""

from pathlib import Path

import pytest

from tests.tiny_report import save_always_three, save_strokes
from training.evaluate import main


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with weights and strokes, in which the command is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pretrained").mkdir()
    save_always_three(tmp_path / "pretrained" / "three.npz", dataset="mnist")
    save_strokes(tmp_path / "mine.npz", [3, 3, 3, 7])
    return tmp_path


def test_prints_the_table_and_where_the_report_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pretrained/three.npz", "--dataset", "mine.npz"]) == 0
    output = capsys.readouterr().out
    assert "75.00 %" in output
    path = Path(f"runs/pretrained-three/report/files{Path.cwd()}/mine.npz/report.html")
    assert output.splitlines()[-1].endswith(str(path))
    assert path.exists()
    assert path.with_name("report.json").exists()


def test_output_overrides_the_folder(project: Path) -> None:
    assert main(["pretrained/three.npz", "--dataset", "mine.npz", "--output", "here"]) == 0
    assert {file.name for file in (project / "here").iterdir()} == {"report.html", "report.json", "mistakes.png"}
    assert not (project / "runs").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.npz"], "no file missing.npz"),
        (["mine.npz"], "mine.npz is not a usable weights file"),
        (["pretrained"], "pretrained cannot be read"),
        (["pretrained/three.npz", "--dataset", "emnist"], "choose mnist, usps, digits or a path"),
        (["pretrained/three.npz", "--dataset", "pretrained"], "no images in pretrained/0"),
        (["pretrained/three.npz", "--dataset", "pretrained/three.npz"], "three.npz is not a strokes file"),
        (["pretrained/three.npz", "--dataset", "mine.npz", "--output", "mine.npz"], "choose another --output"),
    ],
)
def test_errors_are_one_line_and_write_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    before = sorted(project.rglob("*"))
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ")
    assert message in output.err
    assert output.err.count("\n") == 1
    assert sorted(project.rglob("*")) == before


def test_unknown_option_has_the_same_exit_status() -> None:
    with pytest.raises(SystemExit) as exit:
        main(["pretrained/three.npz", "--datset", "mnist"])
    assert exit.value.code == 2
