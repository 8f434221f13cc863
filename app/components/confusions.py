"""The confusion matrix of a report, and the images of one of its cells."""

import streamlit as st

from app.charts.report import confusion_chart, enlarged_sharp
from app.components.chart import show_chart
from training.evaluation.report_file import Report
from training.formatting import percent


def show_confusions(report: Report, name: str) -> None:
    """The confusion matrix, and the images of the cell that is clicked or chosen in the list.

    Both forget the cell when another report is shown, or the same one written anew: `name` tells reports apart.
    """
    matrix_key, cell_key = f"matrix {name} {report.created}", f"cell {name} {report.created}"
    counts = report.confusion
    cells = [(truth, answer) for truth in range(10) for answer in range(10) if counts[truth][answer]]
    cells.sort(key=lambda cell: (cell[0] == cell[1], -counts[cell[0]][cell[1]], cell))

    def take_clicked() -> None:
        clicked = st.session_state[matrix_key]["selection"].get("cell") or [{}]
        cell = clicked[0].get("written"), clicked[0].get("read as")
        if cell in cells:
            st.session_state[cell_key] = cell

    chart, images = st.columns(2, gap="large")
    with chart:
        show_chart(
            confusion_chart(counts),
            "Confusion matrix: digits written, digits read",
            on_select=take_clicked,
            key=matrix_key,
        )
        pairs = [f"{pair.truth} as {pair.answer} ({pair.images:,})" for pair in report.confused_pairs]
        st.caption(f"Most often: {', '.join(pairs)}." if pairs else "No digit is read as another.")
    with images:
        cell = st.selectbox(
            "Click on a cell, or choose it here, to see its images",
            cells,
            format_func=lambda cell: f"{cell[0]}, read as {cell[1]}: {counts[cell[0]][cell[1]]:,}",
            key=cell_key,
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
