"""The charts of the Report page."""

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.charts.colours import BLUE, GREY, RED
from training.evaluation.scores import CalibrationBin
from training.pictures import from_png
from training.runs.progress import Epoch

AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart


def confusion_chart(confusion: list[list[int]], ink: str) -> AnyChart:
    """A number, in the colour `ink`, for each digit written and read; the more frequent a confusion, the redder.

    A click on one selects its "written" and "read as", under the name "cell".
    """
    cells = [
        {"written": truth, "read as": answer, "pictures": count, "confused": count if answer != truth else 0}
        for truth, row in enumerate(confusion)
        for answer, count in enumerate(row)
        if count
    ]
    table = pd.DataFrame(cells, columns=["written", "read as", "pictures", "confused"])
    base = alt.Chart(table).encode(
        x=alt.X("read as:O", scale=alt.Scale(domain=list(range(10))), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("written:O", scale=alt.Scale(domain=list(range(10)))),
        tooltip=["written:O", "read as:O", "pictures:Q"],
    )
    most = max([1, *table["confused"]])
    opacity = alt.Opacity("confused:Q", scale=alt.Scale(domain=[0, most], range=[0, 1]), legend=None)
    clicked = alt.selection_point("cell", fields=["written", "read as"])
    colours = base.mark_rect(color=RED, cursor="pointer").encode(opacity=opacity).add_params(clicked)
    # A number in front of its cell would take the click.
    numbers = base.mark_text(color=ink, fontSize=14, tooltip=None).encode(text="pictures:Q", tooltip=alt.value(None))
    return alt.layer(colours, numbers, height=420)


def calibration_chart(bins: list[CalibrationBin]) -> AnyChart:
    """How often answers of one probability are right, ideally on the diagonal; larger points stand for more answers."""
    diagonal = pd.DataFrame({"probability": [0, 1], "accuracy": [0, 1]})
    x = alt.X("probability:Q", title="probability given to the answer", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("accuracy:Q", title="share that is right", scale=alt.Scale(domain=[0, 1]))
    ideal = alt.Chart(diagonal).mark_line(color=GREY, strokeDash=[6, 4]).encode(x, y)
    real = alt.Chart(pd.DataFrame(bins)).encode(x, y, tooltip=["probability:Q", "accuracy:Q", "images:Q"])
    points = real.mark_circle(color=BLUE, opacity=1).encode(size=alt.Size("images:Q", title="pictures"))
    return alt.layer(ideal, real.mark_line(color=BLUE), points, height=420)


def history_chart(history: list[Epoch], quantity: str) -> AnyChart:
    """The "loss" or "accuracy" after each epoch, on training and on validation images."""
    rows = [
        {"epoch": epoch.epoch, "images": images, quantity: getattr(epoch, f"{part}_{quantity}")}
        for epoch in history
        for images, part in (("training", "train"), ("validation", "validation"))
    ]
    colour = alt.Color("images:N", scale=alt.Scale(range=[RED, BLUE]), legend=alt.Legend(orient="top", title=None))
    y = alt.Y(f"{quantity}:Q", scale=alt.Scale(zero=False))
    return alt.Chart(pd.DataFrame(rows)).mark_line(point=True).encode(alt.X("epoch:Q"), y, colour)


def histories_chart(histories: dict[str, list[Epoch]], quantity: str) -> AnyChart:
    """The validation "loss" or "accuracy" after each epoch of several runs, by their names."""
    rows = [
        {"epoch": epoch.epoch, "report": name, quantity: getattr(epoch, f"validation_{quantity}")}
        for name, history in histories.items()
        for epoch in history
    ]
    legend = alt.Legend(orient="top", title=None, direction="vertical", labelLimit=400)
    colour = alt.Color("report:N", sort=None, scale=alt.Scale(range=[BLUE, RED]), legend=legend)
    y = alt.Y(f"{quantity}:Q", title=f"validation {quantity}", scale=alt.Scale(zero=False))
    return alt.Chart(pd.DataFrame(rows)).mark_line(point=True).encode(alt.X("epoch:Q"), y, colour)


def sharp_picture(png: bytes) -> NDArray[np.uint8]:
    """A picture of 28×28 pixels, each a square of 4×4: a browser that enlarges a small picture blurs it."""
    return from_png(png).repeat(4, axis=0).repeat(4, axis=1)
