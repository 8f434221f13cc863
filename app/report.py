"""The Report page: what `make evaluate` found out about how well a network reads."""

import pandas as pd
import streamlit as st

from app.report_charts import calibration_chart, confusion_chart, history_chart
from app.report_files import DamagedReport, decimal, list_reports, percent, read_report, report_name
from app.weights_picker import ROOT, escaped

RUNS = ROOT / "runs"
TRAINING = {"dataset": "trained on", "versions": "trained with"}
SCORES = ["precision", "recall", "f1"]
INK = "white" if st.context.theme.type == "dark" else "black"

st.title("How well does it read?")

reports = list_reports(RUNS)
if not reports:
    st.info("There is no report yet. This command writes one:")
    st.code("make evaluate WEIGHTS=model/pretrained/quick.npz", language="bash")
    st.stop()

path = st.selectbox("Report", reports, format_func=lambda path: report_name(path, RUNS))
try:
    report = read_report(path)
except DamagedReport as error:
    st.error(escaped(str(error)))
    st.stop()

low, high = report["accuracy_interval"]
st.metric("Accuracy", percent(report["accuracy"]))
st.markdown(
    f"{report['correct']:,} of {report['images']:,} pictures are read right. For pictures like these, "
    f"the 95 % confidence interval of the accuracy is {percent(low)} to {percent(high)}."
)
if report["blank"]:
    st.markdown(f"Without ink: {report['blank']:,}. Such a picture is read as no digit, which counts as an error.")
if report["dataset"] == "digits":
    st.warning(f"The pictures are {escaped(report['about_dataset'])}: this accuracy says little about MNIST.")
else:
    st.markdown(f"The pictures are {escaped(report['about_dataset'])}.")

page_file = path.with_name("report.html")
if page_file.exists():
    st.download_button("Download as a web page", page_file.read_bytes(), "report.html", "text/html", on_click="ignore")

with st.expander("What was measured"):
    facts = {
        "weights": report["weights"],
        "pictures": report["about_dataset"],
        "parameters": f"{report['parameters']:,}",
        "seconds for 10,000 images": decimal(report["seconds_per_10000"]),
        **{TRAINING.get(name, name): decimal(value) for name, value in report["training"].items() if value is not None},
        "measured with": report["versions"],
        "measured at": report["created"],
    }
    st.table({name.replace("_", " "): escaped(value) for name, value in facts.items()}, hide_header=True)

scores, confusion = st.columns(2, gap="large")
with scores:
    st.header("Digit by digit")
    table = pd.DataFrame(report["digits"])
    table[SCORES] = 100 * table[SCORES].astype(float)
    st.dataframe(
        table,
        hide_index=True,
        column_config={"images": "pictures"}
        | {name: st.column_config.NumberColumn(format="%.2f %%") for name in SCORES},
        alt="Precision, recall and F1 of each digit",
        height="content",
    )
    st.caption(
        "Precision: how many of the answers that name the digit are right. Recall: how many of its pictures are read "
        "as it. F1: the harmonic mean of the two."
    )
with confusion:
    st.header("What is taken for what")
    st.altair_chart(confusion_chart(report["confusion"], INK), alt="Confusion matrix: digits written, digits read")
    pairs = [f"{pair['truth']} as {pair['answer']} ({pair['images']:,})" for pair in report["confused_pairs"]]
    st.caption(f"Most often: {', '.join(pairs)}." if pairs else "No digit is read as another.")

st.header("The worst mistakes")
if report["mistakes"]:
    st.markdown("The wrong answers that the network was most certain of: the digit written, and what was read.")
with st.container(horizontal=True):
    for mistake in report["mistakes"]:
        caption = f"{mistake['truth']}, read as **{mistake['answer']}** with {percent(mistake['probability'])}"
        st.image(mistake["picture"], caption, width=112, output_format="PNG", alt=f"A handwritten {mistake['truth']}")
if not report["mistakes"]:
    st.markdown("None: no digit is read as another.")

st.header("Can its probabilities be believed?")
if report["calibration"]:
    st.markdown(
        f"Of the answers given with 80 %, 80 % should be right. How far the two lie apart on average, the expected "
        f"calibration error, is {percent(report['calibration_error'])}."
    )
    st.altair_chart(
        calibration_chart(report["calibration"]), alt="How often answers of one probability are right", width=700
    )

if report["history"]:
    st.header("How it was trained")
    for column, quantity in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        column.altair_chart(history_chart(report["history"], quantity), alt=f"The {quantity} after each epoch")
