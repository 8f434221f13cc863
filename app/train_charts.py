"""What the Train page draws: the curves of several runs in one chart, and the digits that are watched."""

from functools import cache
from html import escape
from typing import Any

import altair as alt
import pandas as pd

from app.charts import GREY, enlarged, percent
from training.runs import Run

COLOURS = ["#2b7bd0", "#d9662c", "#2e9e6b", "#a55fc4", "#b8860b", GREY]  # legible on white and on black


def curves(runs: list[Run], quantity: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The "loss" or "accuracy" of each run over its epochs, on training and on validation images.

    An epoch that is under way is a point between the last and the next.

    Returns:
        the numbers and the chart, for `st.vega_lite_chart`.
    """
    rows = []
    for run in runs:
        for epoch in run.history:
            for images, part in (("training", "train"), ("validation", "validation")):
                rows.append((run.name, images, epoch["epoch"], epoch[f"{part}_{quantity}"]))
        if run.progress and run.progress["step"]:
            now = run.progress["epoch"] + run.progress["step"] / run.progress["steps"]
            rows.append((run.name, "training", now, run.progress[quantity]))
    table = pd.DataFrame(rows, columns=["run", "images", "epoch", quantity])
    return table.astype({"epoch": float, quantity: float}), _empty_curves(quantity)


@cache
def _empty_curves(quantity: str) -> dict[str, Any]:
    """The chart without its numbers: while only these change, the browser does not build it anew."""
    legend = alt.Legend(orient="top", title=None, symbolType="stroke", symbolStrokeColor=GREY)
    chart = alt.Chart(height=260).encode(
        x=alt.X("epoch:Q", scale=alt.Scale(domainMin=0), axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y(
            f"{quantity}:Q",
            title=f"{quantity} (logarithmic)" if quantity == "loss" else quantity,
            scale=alt.Scale(type="log") if quantity == "loss" else alt.Scale(zero=False),
            axis=alt.Axis(format="~g" if quantity == "loss" else ".1%", tickCount=5),
        ),
        color=alt.Color(
            "run:N", sort=None, scale=alt.Scale(range=COLOURS), legend=alt.Legend(orient="top", title=None)
        ),
        detail="images:N",
        tooltip=["run:N", "images:N", "epoch:Q", f"{quantity}:Q"],
    )
    dashes = alt.StrokeDash(
        "images:N", scale=alt.Scale(domain=["validation", "training"], range=[[1, 0], [5, 4]]), legend=legend
    )
    line, points = chart.mark_line().encode(strokeDash=dashes), chart.mark_circle(size=25, opacity=1)
    spec = (line + points).to_dict()
    return {name: spec[name] for name in spec if name not in ("data", "datasets")}  # an empty row would be drawn too


def watched_digits(digits: list[dict[str, Any]]) -> str:
    """Pictures as HTML, under each what the network takes it for, how sure it is, and whether that is right."""
    return f'<div style="display: flex; flex-wrap: wrap; gap: 1rem">{"".join(map(_watched, digits))}</div>'


def _watched(digit: dict[str, Any]) -> str:
    truth, probabilities = digit["truth"], digit["probabilities"]
    answer = probabilities.index(max(probabilities))
    verdict = "✓ right" if answer == truth else f"✗ it is a {truth}"
    return (
        '<figure style="margin: 0; width: 84px; text-align: center">'
        f"{enlarged(digit['picture'], f'A handwritten {truth}', side=84)}"
        f'<figcaption><span style="font-size: 1.5rem; font-weight: 600">{answer}</span> '
        f"{escape(percent(probabilities[answer]))}<br>{verdict}</figcaption></figure>"
    )
