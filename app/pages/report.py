"""The Report page: view the report of a network, and compare it with another one."""

from pathlib import Path

import pandas as pd
import streamlit as st

from app.charts.report import answering_chart, calibration_chart, enlarged_sharp
from app.charts.training import curves, curves_chart
from app.components.chart import show_chart
from app.components.confusions import show_confusions
from app.components.measuring import measure
from app.components.weights_picker import ROOT, escaped
from training import files
from training.evaluation.report_file import DamagedReport, Report, list_reports, read_report, report_name, unread_lines
from training.formatting import decimal, percent
from training.runs.progress import Epoch

RUNS = ROOT / files.RUNS
TRAINING = {"dataset": "trained on", "versions": "trained with"}
SCORES = ["precision", "recall", "f1"]


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
    show_chart(
        answering_chart(answers), "Share of wrong answers, by the share of the images that are answered", width=700
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
            show_curves(histories)


def show_curves(histories: dict[str, list[Epoch]]) -> None:
    """The loss and the accuracy of one or several runs, given by name, after each epoch."""
    epochs = max(len(history) for history in histories.values())
    for column, quantity in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        with column:
            show_chart(curves_chart(curves(histories, quantity), quantity, epochs), f"The {quantity} after each epoch")


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
show_confusions(report, report_name(path, RUNS))

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
    show_chart(calibration_chart(report.calibration), "Accuracy of the answers by their probability", width=700)
    if not all(bin.has_enough for bin in report.calibration):
        st.caption("Grey: fewer than 30 images, too few to say anything, and left out of the line.")

if report.history:
    st.header("How it was trained")
    show_curves({report_name(path, RUNS): report.history})
