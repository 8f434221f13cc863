"""The control that chooses a trained network, from all weights files.

These are `runs/<name>/weights.npz` in the folder in which the app was started, written when a run is finished, and the
networks that come with the project, `model/pretrained/*.npz`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from threadpoolctl import threadpool_limits

from data.datasets import DATASETS
from model.classifier import DigitClassifier
from model.pretrained import FOLDER as PRETRAINED
from model.weights import WeightsError
from training.files import RUNS

ROOT = Path.cwd()  # runs and handwriting are kept in the folder in which the app was started


@dataclass(frozen=True)
class Weights:
    """A valid weights file: its path, its modification time in nanoseconds, and its header."""

    path: Path
    written: int
    header: dict[str, Any]

    @property
    def is_run(self) -> bool:
        return self.path.parents[1].name == RUNS.name

    @property
    def label(self) -> str:
        """The file, its training data and its validation accuracy: "runs/quick · mnist · 99.3 %"."""
        folder, accuracy = self.path.parent, self.header.get("validation_accuracy")
        name = f"{folder.parent.name}/{folder.name}" if self.is_run else f"{folder.name}/{self.path.stem}"
        parts = [name, str(self.header.get("dataset", "unknown data"))]
        if isinstance(accuracy, float):
            parts.append(f"{100 * accuracy:.1f} %")
        return " · ".join(parts)


def name_of(path: Path) -> str:
    """The name of a weights file in commands: "runs/quick/weights.npz" or "model/pretrained/best.npz"."""
    return "/".join(path.parts[-3:])


def list_weights(root: Path) -> tuple[list[Weights], list[str]]:
    """The weights files of the runs in `root`, newest first, then those that come with the project; and a message for
    each file that cannot be loaded."""
    weights, problems = [], []
    for path in [*(root / RUNS).glob("*/weights.npz"), *sorted(PRETRAINED.glob("*.npz"))]:
        try:
            written = path.stat().st_mtime_ns
            weights.append(Weights(path, written, read_header(path, written)))
        except (WeightsError, OSError) as error:
            problems.append(str(error).replace(str(path), name_of(path)))
    return sorted(weights, key=lambda file: file.written if file.is_run else 0, reverse=True), problems


def choose_default(weights: list[Weights]) -> Weights:
    """The project's own `best`, until somebody chooses; else another network of the project; else the newest run."""
    return min(weights, key=lambda file: (file.is_run, file.path.stem != "best"))


def pick_classifier() -> DigitClassifier | None:
    """List all networks in the sidebar; returns the chosen classifier, or None if there is no network."""
    weights, problems = list_weights(ROOT)
    for problem in problems:
        st.sidebar.error(escaped(problem))
    if not weights:
        return None
    by_path = {file.path: file for file in weights}
    if st.session_state.get("weights") not in by_path:  # never chosen, or deleted since
        st.session_state.pop("weights", None)
    path = st.sidebar.selectbox(
        "Network (training data, validation accuracy)",
        list(by_path),
        index=weights.index(choose_default(weights)),
        format_func=lambda path: by_path[path].label,
        key="weights",
        persist_state="session",
    )
    return load_classifier(path, by_path[path].written)


def offer(run: str) -> None:
    """The button "Use this network", which chooses the weights of a finished run on every page that reads digits."""
    path = ROOT / RUNS / run / "weights.npz"
    if st.session_state.get("weights") == path:
        st.caption("Draw, Look inside and My handwriting use this network.", width="content")
    elif st.button("Use this network", on_click=lambda: st.session_state.update(weights=path)):
        st.rerun()  # the list of networks is outside the fragments in which this button stands


def training_data(header: dict[str, Any]) -> str:
    """The name of the network's training data, as text for a page."""
    name = str(header.get("dataset"))
    data = DATASETS[name].about if name in DATASETS else "unknown data"
    if name == "digits":
        data += ": expect mistakes"
    return f"{data}, and fine-tuned on personal handwriting" if "fine_tuning" in header else data


# Both caches use the modification time as a key too: a weights file may be replaced while the app runs.


@st.cache_data(max_entries=1000, show_spinner=False)
def read_header(path: Path, written: int) -> dict[str, Any]:
    return DigitClassifier.load(path).header


@st.cache_resource(max_entries=4, show_spinner=False)
def load_classifier(path: Path, written: int) -> DigitClassifier:
    # One image is too little work for several threads, and many visitors draw at once.
    threadpool_limits(1, user_api="blas")
    return DigitClassifier.load(path)


def escaped(text: str) -> str:
    """Text from a file, escaped for Markdown, so that it cannot become an image or a link."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]()<>#!|~:$" else letter for letter in text)
