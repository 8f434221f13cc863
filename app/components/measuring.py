"""Measures a network on a test set, which writes a report."""

import streamlit as st

from app.components import weights_picker
from app.components.weights_picker import choose_default, escaped, list_weights, name_of
from data import handwriting
from data.datasets import DATASETS
from training.evaluation.report_file import list_reports
from training.files import RUNS
from training.runs import process


def measure() -> None:
    """Choose a network and a test set, and write a report in a separate process; the page then shows it."""
    root = weights_picker.ROOT
    weights, problems = list_weights(root)
    for problem in problems:
        st.warning(escaped(problem))
    if not weights:
        st.markdown("There is no trained network yet: train one on the Train page.")
        return
    by_path = {file.path: file for file in weights}
    left, right = st.columns(2)
    path = left.selectbox(
        "Network (training data, validation accuracy)",
        list(by_path),
        index=weights.index(choose_default(weights)),
        format_func=lambda path: by_path[path].label,
        key="weights_to_measure",
    )
    test_sets = {name: source.about for name, source in DATASETS.items()}
    if (root / handwriting.FILE).exists():
        test_sets[handwriting.FILE] = "my handwriting"
    dataset = right.selectbox("Test set", list(test_sets), format_func=test_sets.__getitem__, key="test_set")
    if not st.button("Measure", type="primary"):
        return
    bar = st.progress(0.0, "Loading the images")
    before = {report: report.stat().st_mtime_ns for report in list_reports(root / RUNS)}
    try:
        for share in process.evaluate(root, name_of(path), dataset):
            bar.progress(share, "Reading" if share < 1 else "Writing the report")
    except (process.CommandError, OSError) as error:
        bar.empty()
        st.error(escaped(f"The report could not be written: {error}."))
        return
    bar.empty()
    st.session_state["report"] = next(
        report for report in list_reports(root / RUNS) if before.get(report) != report.stat().st_mtime_ns
    )
