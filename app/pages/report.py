"""The Report page: measure how well a network reads, view its report, and compare it with another one."""

from pathlib import Path

import pandas as pd
import streamlit as st

from app.charts.report import (
    answering_chart,
    calibration_chart,
    confusion_chart,
    enlarged_sharp,
    histories_chart,
    history_chart,
)
from app.components.weights_picker import ROOT, choose_default, escaped, list_weights, name_of
from data import handwriting
from data.datasets import DATASETS
from training import files
from training.evaluation.report_file import DamagedReport, Report, list_reports, read_report, report_name, unread_lines
from training.formatting import decimal, percent
from training.runs.process import CommandError, evaluate

RUNS = ROOT / files.RUNS
TRAINING = {"dataset": "trained on", "versions": "trained with"}
SCORES = ["precision", "recall", "f1"]
INK = "white" if st.context.theme.type == "dark" else "black"


def measure() -> None:
    """Choose a network and a test set, and write a report in a separate process; the page then shows it."""
    weights, problems = list_weights(ROOT)
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
    if (ROOT / handwriting.FILE).exists():
        test_sets[handwriting.FILE] = "my handwriting"
    dataset = right.selectbox("Test set", list(test_sets), format_func=test_sets.__getitem__, key="test_set")
    if not st.button("Measure", type="primary"):
        return
    bar = st.progress(0.0, "Loading the images")
    before = {report: report.stat().st_mtime_ns for report in list_reports(RUNS)}
    try:
        for share in evaluate(ROOT, name_of(path), dataset):
            bar.progress(share, "Reading" if share < 1 else "Writing the report")
    except (CommandError, OSError) as error:
        bar.empty()
        st.error(escaped(f"The report could not be written: {error}."))
        return
    bar.empty()
    st.session_state["report"] = next(
        report for report in list_reports(RUNS) if before.get(report) != report.stat().st_mtime_ns
    )


def read_or_show_error(path: Path) -> Report | None:
    """The report; if it is damaged, show an error and return None."""
    try:
        return read_report(path)
    except DamagedReport as error:
        st.error(escaped(str(error)))
        return None


def show_accuracy(report: Report) -> None:
    """The accuracy, its confidence interval, and the test set."""
    low, high = report.accuracy_interval
    st.metric("Accuracy", percent(report.accuracy))
    st.markdown(
        f"{report.correct:,} of {report.images:,} images are read right. For images like these, "
        f"the 95 % confidence interval of the accuracy is {percent(low)} to {percent(high)}."
    )
    if report.blank:
        st.markdown(f"Images without ink: {report.blank:,}. They count as errors.")
    if report.unread:
        names = "".join(f"\n- {escaped(line)}" for line in unread_lines(report))
        st.warning(f"Not measured, because they could not be read: {len(report.unread):,}.\n{names}")
    if report.dataset == "digits":
        st.warning(f"Test set: {escaped(report.about_dataset)}. This accuracy says little about MNIST.")
    else:
        st.markdown(f"Test set: {escaped(report.about_dataset)}.")


def show_answers(report: Report) -> None:
    """The four counts, and the risk–coverage curve."""
    answers = report.answering
    shares = {"right": answers.right, "wrong": answers.wrong, "unsure": answers.unsure, "refused": answers.refused}
    for column, (name, count) in zip(st.columns(4), shares.items(), strict=True):
        column.metric(name.capitalize(), f"{count:,}")
    st.markdown(
        f"Of the answers that the app gives, right or wrong, {percent(answers.accuracy)} are right. It gives no answer "
        "if the network is unsure between two digits, or if the image does not look like a digit. The accuracy above "
        "counts the likeliest digit of every image."
    )
    st.altair_chart(
        answering_chart(answers), alt="Share of wrong answers, by the share of the images that are answered", width=700
    )
    st.caption(
        "The curve: if only the most probable answers were given. The red point: the answers that the app gives."
    )


def show_comparison(reports: dict[str, Report]) -> None:
    """Two reports, given by name: both accuracies, the recall of each digit, and the curves of both runs."""
    for column, (name, report) in zip(st.columns(2, gap="large"), reports.items(), strict=True):
        with column:
            st.markdown(f"**{escaped(name)}**")
            show_accuracy(report)
    one, other = reports.values()
    if one.dataset != other.dataset:
        st.caption("The test sets differ: these two accuracies do not tell which network reads better.")
    elif max(one.accuracy_interval[0], other.accuracy_interval[0]) <= min(
        one.accuracy_interval[1], other.accuracy_interval[1]
    ):
        st.caption("The intervals overlap: the difference may be due to chance.")
    else:
        st.caption("The intervals do not overlap: the difference is statistically significant.")
    with st.expander("Digit by digit and epoch by epoch"):
        recalls = {name: [digit.recall for digit in report.digits] for name, report in reports.items()}
        table = 100 * pd.DataFrame(recalls, index=pd.RangeIndex(10, name="digit"), dtype=float)
        names = list(reports)
        table["difference"] = table[names[0]] - table[names[1]]
        st.dataframe(
            table,
            column_config={name: st.column_config.NumberColumn(f"recall, {name}", format="%.2f %%") for name in names}
            | {"difference": st.column_config.NumberColumn(format="%+.2f")},
            alt="Recall of each digit in both reports",
            height="content",
        )
        histories = {name: report.history for name, report in reports.items() if report.history}
        if histories:
            for column, quantity in zip(st.columns(2), ("loss", "accuracy"), strict=True):
                column.altair_chart(
                    histories_chart(histories, quantity), alt=f"The validation {quantity} of both runs after each epoch"
                )


def show_confusions(report: Report) -> None:
    """The confusion matrix, and the images of the cell that is clicked or chosen in the list."""
    counts = report.confusion
    cells = [(truth, answer) for truth in range(10) for answer in range(10) if counts[truth][answer]]
    cells.sort(key=lambda cell: (cell[0] == cell[1], -counts[cell[0]][cell[1]], cell))

    def take_clicked() -> None:
        clicked = st.session_state["matrix"]["selection"].get("cell") or [{}]
        cell = clicked[0].get("written"), clicked[0].get("read as")
        if cell in cells:
            st.session_state["cell"] = cell

    chart, images = st.columns(2, gap="large")
    with chart:
        st.altair_chart(
            confusion_chart(counts, INK),
            alt="Confusion matrix: digits written, digits read",
            on_select=take_clicked,
            key="matrix",
        )
        pairs = [f"{pair.truth} as {pair.answer} ({pair.images:,})" for pair in report.confused_pairs]
        st.caption(f"Most often: {', '.join(pairs)}." if pairs else "No digit is read as another.")
    with images:
        if st.session_state.get("cell") not in cells:
            st.session_state.pop("cell", None)
        cell = st.selectbox(
            "Click on a cell, or choose it here, to see its images",
            cells,
            format_func=lambda cell: f"{cell[0]}, read as {cell[1]}: {counts[cell[0]][cell[1]]:,}",
            key="cell",
        )
        examples = [example for example in report.examples if (example.truth, example.answer) == cell]
        with st.container(horizontal=True):
            for example in examples:
                caption = f"#{example.index:,}, {percent(example.probability)}"
                st.image(
                    enlarged_sharp(example.picture),
                    caption,
                    width=112,
                    output_format="PNG",
                    alt=f"A handwritten {example.truth}",
                )
        if cell and counts[cell[0]][cell[1]] > len(examples):
            which = "least" if cell[0] == cell[1] else "most"
            st.caption(f"The {len(examples)} images of which the network was {which} certain.")


st.title("Accuracy report")

reports = list_reports(RUNS)
with st.expander("Measure a network", expanded=not reports):
    measure()
reports = list_reports(RUNS)
if not reports:
    st.info("There is no report yet. Measure a network above, or with this command:")
    st.code("make evaluate WEIGHTS=model/pretrained/best.npz", language="bash")
    st.stop()

left, right = st.columns(2, gap="large")
if st.session_state.get("report") not in reports:
    st.session_state.pop("report", None)
path = left.selectbox("Report", reports, format_func=lambda path: report_name(path, RUNS), key="report")
compared = right.selectbox(
    "Compare with",
    [other for other in reports if other != path],
    index=None,
    placeholder="Another report",
    format_func=lambda path: report_name(path, RUNS),
    key="compared_report",
)
report = read_or_show_error(path)
if report is None:
    st.stop()
other = read_or_show_error(compared) if compared else None
if compared and other:
    show_comparison({report_name(path, RUNS): report, report_name(compared, RUNS): other})
else:
    show_accuracy(report)

page_file = path.with_name("report.html")
if page_file.exists():
    st.download_button("Download as a web page", page_file.read_bytes(), "report.html", "text/html", on_click="ignore")

with st.expander("What was measured"):
    facts = {
        "weights": report.weights,
        "test set": report.about_dataset,
        "parameters": f"{report.parameters:,}",
        "seconds for 10,000 images": decimal(report.seconds_per_10000),
        **{TRAINING.get(name, name): decimal(value) for name, value in report.training.items() if value is not None},
        "measured with": report.versions,
        "measured at": report.created,
    }
    st.table({name.replace("_", " "): escaped(value) for name, value in facts.items()}, hide_header=True)

st.header("As the app answers")
show_answers(report)

st.header("Confusion matrix")
show_confusions(report)

st.header("Digit by digit")
table = pd.DataFrame(report.digits)
table[SCORES] = 100 * table[SCORES].astype(float)
st.dataframe(
    table,
    hide_index=True,
    column_config={name: st.column_config.NumberColumn(format="%.2f %%") for name in SCORES},
    alt="Precision, recall and F1 of each digit",
    height="content",
    width=700,
)
st.caption(
    "Precision: the share of the answers with this digit that are right. Recall: the share of the images of this "
    "digit that are read right. F1: the harmonic mean of the two."
)

st.header("The worst mistakes")
if report.mistakes:
    st.markdown("The wrong answers of which the network was most certain: the digit written, and the digit read.")
with st.container(horizontal=True):
    for mistake in report.mistakes:
        caption = f"{mistake.truth}, read as **{mistake.answer}**  \n{percent(mistake.probability)}"
        st.image(
            enlarged_sharp(mistake.picture),
            caption,
            width=112,
            output_format="PNG",
            alt=f"A handwritten {mistake.truth}",
        )
if not report.mistakes:
    st.markdown("None: no digit is read as another.")

st.header("Calibration: are its probabilities reliable?")
if report.calibration:
    st.markdown(
        f"Of the answers with a probability of 80 %, 80 % should be right. The average difference between probability "
        f"and accuracy, the expected calibration error, is {percent(report.calibration_error)}."
    )
    st.altair_chart(
        calibration_chart(report.calibration), alt="Accuracy of the answers by their probability", width=700
    )

if report.history:
    st.header("How it was trained")
    for column, quantity in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        column.altair_chart(history_chart(report.history, quantity), alt=f"The {quantity} after each epoch")
