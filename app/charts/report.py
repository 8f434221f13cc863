"""The charts of the Report page."""

from dataclasses import fields

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.charts.colours import BLUE, GREY, RED
from training.evaluation.scores import Answering, CalibrationBin
from training.pictures import from_png

AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart
BIN = [field.name for field in fields(CalibrationBin)]


def confusion_chart(confusion: list[list[int]]) -> AnyChart:
    """The confusion matrix; the more frequent a confusion, the redder its cell.

    A click selects the cell's "written" and "read as", under the name "cell".
    """
    cells = [
        {"written": truth, "read as": answer, "images": count, "confused": count if answer != truth else 0}
        for truth, row in enumerate(confusion)
        for answer, count in enumerate(row)
        if count
    ]
    table = pd.DataFrame(cells, columns=["written", "read as", "images", "confused"])
    base = alt.Chart(table).encode(
        x=alt.X("read as:O", scale=alt.Scale(domain=list(range(10))), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("written:O", scale=alt.Scale(domain=list(range(10)))),
        tooltip=["written:O", "read as:O", "images:Q"],
    )
    most = max([1, *table["confused"]])
    opacity = alt.Opacity("confused:Q", scale=alt.Scale(domain=[0, most], range=[0, 1]), legend=None)
    clicked = alt.selection_point("cell", fields=["written", "read as"])
    colours = base.mark_rect(color=RED, cursor="pointer").encode(opacity=opacity).add_params(clicked)
    # Without this, a number in front of its cell would catch the click.
    numbers = base.mark_text(fontSize=14, tooltip=None).encode(text="images:Q", tooltip=alt.value(None))
    return alt.layer(colours, numbers, height=420)


def answering_chart(answering: Answering) -> AnyChart:
    """The risk–coverage curve; a point marks the answers that the app gives."""
    curve = pd.DataFrame(answering.curve, columns=["coverage", "risk"])
    x = alt.X("coverage:Q", title="answered, share of the images", axis=alt.Axis(format="%"))
    y = alt.Y("risk:Q", title="wrong, share of the answers", axis=alt.Axis(format="%"))
    tooltip = [alt.Tooltip("coverage:Q", format=".1%"), alt.Tooltip("risk:Q", format=".2%")]
    layers: list[alt.Chart] = [alt.Chart(curve).mark_line(color=BLUE).encode(x, y)]
    answered = answering.right + answering.wrong
    if answered:
        coverage = answered / (answered + answering.unsure + answering.refused)
        app = pd.DataFrame({"coverage": [coverage], "risk": [answering.wrong / answered]})
        layers.append(alt.Chart(app).mark_circle(color=RED, opacity=1, size=120).encode(x, y, tooltip=tooltip))
    return alt.layer(*layers, height=320)


def calibration_chart(bins: list[CalibrationBin]) -> AnyChart:
    """The accuracy of answers by their probability, ideally on the diagonal; larger points stand for more answers.

    The line leaves out bins with too few images, which are grey.
    """
    diagonal = pd.DataFrame({"probability": [0, 1], "accuracy": [0, 1]})
    x = alt.X("probability:Q", title="probability of the answer", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("accuracy:Q", title="accuracy", scale=alt.Scale(domain=[0, 1]))
    ideal = alt.Chart(diagonal).mark_line(color=GREY, strokeDash=[6, 4]).encode(x, y)
    enough = pd.DataFrame([bin for bin in bins if bin.has_enough], columns=BIN)
    line = alt.Chart(enough).mark_line(color=BLUE).encode(x, y)
    legend = alt.Legend(symbolFillColor=GREY, symbolStrokeWidth=0)
    table = pd.DataFrame(bins).assign(colour=[BLUE if bin.has_enough else GREY for bin in bins])
    points = (
        alt.Chart(table)
        .mark_circle(opacity=1)
        .encode(
            x,
            y,
            size=alt.Size("images:Q", title="images", scale=alt.Scale(range=[30, 400]), legend=legend),
            color=alt.Color("colour:N", scale=None),
            tooltip=["probability:Q", "accuracy:Q", "images:Q"],
        )
    )
    return alt.layer(ideal, line, points, height=420)


def enlarged_sharp(png: bytes) -> NDArray[np.uint8]:
    """An image of 28×28 pixels, each enlarged to a square of 4×4: a browser would blur a small image."""
    return from_png(png).repeat(4, axis=0).repeat(4, axis=1)
