"""The architecture: which package may import which, and that `model` needs only numpy and scipy."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "app": {"app", "training", "model", "data"},
    "training": {"training", "model", "data"},
    "model": {"model"},
    "data": {"data"},
}
# One module reads files without trusting them and writes them whole, for weights as for drawings. It stands in `model`,
# which needs it and may import no other room; `data` imports it alone, and nothing of the network.
SHARED = "model.files"
LIBRARIES = {"model": {"numpy", "scipy"}}
OF_EXTRAS = {"safetensors_file.py": {"safetensors"}}  # imported where they are needed, see test_install.py


def imported(file: Path) -> set[str]:
    """The top-level names of all modules that a file imports, wherever in it; of `SHARED` the whole name."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(file.relative_to(ROOT).parts[0] if node.level else node.module or "")
    return {module if module == SHARED else module.partition(".")[0] for module in modules}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_never_run_back_up(room: str) -> None:
    files = list((ROOT / room).rglob("*.py"))
    assert files
    for file in files:
        rooms = imported(file) & (MAY_IMPORT.keys() | {"tests"})
        assert rooms <= MAY_IMPORT[room], f"{file} imports {rooms - MAY_IMPORT[room]}"


def inner_rooms(room: str) -> dict[str, set[str]]:
    """What each folder and each single file of a room imports of the same room's others."""
    arrows: dict[str, set[str]] = {}
    for file in (ROOT / room).rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if len(parts) == 2 and parts[1].startswith("__"):
            continue
        found = arrows.setdefault(parts[1], set())
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            base = list(parts[: len(parts) - node.level]) if node.level else []
            module = [*base, *(node.module or "").split(".")] if node.module else base
            names = [module[1]] if len(module) > 1 else [alias.name for alias in node.names]
            if module[0] == room:
                found.update(name for name in names if name != parts[1])
    return arrows


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_no_arrows_between_inner_rooms_run_in_a_circle(room: str) -> None:
    arrows = inner_rooms(room)
    assert any(arrows.values())
    tuple(graphlib.TopologicalSorter(arrows).static_order())  # raises CycleError and names the circle


def test_pages_stand_on_components_charts_and_texts() -> None:
    arrows = inner_rooms("app")
    assert "pages" not in arrows["components"] | arrows["charts"] | arrows["texts"]
    assert not arrows["charts"] & {"components", "pages"}
    assert not arrows["texts"] & {"components", "pages"}


@pytest.mark.parametrize("basic", ["examples", "parallel", "files", "formatting", "recipes", "optimizers"])
def test_what_training_stands_on_knows_nothing_of_commands_and_reports(basic: str) -> None:
    above = {"train", "evaluate", "finetune", "trainer", "evaluation", "studies", "benchmark", "recognition", "runs"}
    assert not inner_rooms("training")[basic] & above


def test_the_network_stands_on_numpy_and_scipy_alone() -> None:
    for file in (ROOT / "model").rglob("*.py"):
        libraries = imported(file) - set(sys.stdlib_module_names) - {"model"}
        assert libraries <= LIBRARIES["model"] | OF_EXTRAS.get(file.name, set()), f"{file} imports {libraries}"


def test_predicting_loads_nothing_heavy() -> None:
    program = "import sys, model.classifier, data.ink; print(*sys.modules)"
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    heavy = {"sklearn", "pandas", "matplotlib", "streamlit", "training"}
    assert heavy & {name.partition(".")[0] for name in output.split()} == set()
