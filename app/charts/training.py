"""The Train page's curves of several runs in one chart, and its hard digits."""

from html import escape

import altair as alt
import pandas as pd

from app.charts.colours import GREY, RUN_COLOURS
from app.charts.html import enlarged
from training.formatting import whole_percent
from training.pictures import from_png
from training.runs.progress import WatchedDigit
from training.runs.run import Run


def curves(runs: list[Run], quantity: str) -> pd.DataFrame:
    """The "loss" or "accuracy" of each run over its epochs, on training and validation images.

    The epoch in progress is a point between two whole epochs.
    """
    rows = []
    for run in runs:
        for epoch in run.history:
            for images, split in (("training", "train"), ("validation", "validation")):
                rows.append((run.name, images, epoch.epoch, getattr(epoch, f"{split}_{quantity}")))
        if run.progress and run.progress.step:
            now = run.progress.epoch + run.progress.step / run.progress.steps
            rows.append((run.name, "training", now, getattr(run.progress, quantity)))
    return pd.DataFrame(rows, columns=["run", "images", "epoch", quantity])


def curves_chart(table: pd.DataFrame, quantity: str, epochs: int) -> alt.LayerChart | alt.FacetChart:
    """A chart of these curves over `epochs` epochs: one colour per run, dashed lines for training images."""
    legend = alt.Legend(orient="top", title=None, symbolType="stroke", symbolStrokeColor=GREY)
    loss = quantity == "loss"
    base = alt.Chart(table).encode(
        x=alt.X("epoch:Q", scale=alt.Scale(domain=[0, epochs]), axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y(
            f"{quantity}:Q",
            title="loss (logarithmic)" if loss else "accuracy",
            scale=alt.Scale(type="log") if loss else alt.Scale(zero=False),
            axis=alt.Axis(format="~g" if loss else ".1%", tickCount=5, grid=not loss),
        ),
        color=alt.Color("run:N", sort=None, scale=alt.Scale(range=RUN_COLOURS), legend=legend),
        detail="images:N",
        tooltip=["run:N", "images:N", "epoch:Q", f"{quantity}:Q"],
    )
    images = alt.Scale(domain=["validation", "training"], range=[[1, 0], [5, 4]])
    lines = base.mark_line().encode(strokeDash=alt.StrokeDash("images:N", scale=images, legend=legend))
    return alt.layer(lines, base.mark_circle(size=25, opacity=1), height=260)


def watched_digits(digits: list[WatchedDigit]) -> str:
    """Images as HTML, each with the network's answer, its probability, and whether it is right."""
    return f'<div style="display: flex; flex-wrap: wrap; gap: 1rem">{"".join(map(_watched, digits))}</div>'


def _watched(digit: WatchedDigit) -> str:
    truth, probabilities = digit.truth, digit.probabilities
    answer = probabilities.index(max(probabilities))
    verdict = "✓ right" if answer == truth else f"✗ it is a {truth}"
    return (
        '<figure style="margin: 0; width: 84px; text-align: center">'
        f"{enlarged(from_png(digit.picture), f'A handwritten {truth}', side=84)}"
        f'<figcaption><span style="font-size: 1.5rem; font-weight: 600">{answer}</span> '
        f"{escape(whole_percent(probabilities[answer]))}<br>{verdict}</figcaption></figure>"
    )
