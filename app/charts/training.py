"""The curves of training runs in one chart, and the Train page's hard digits."""

from collections.abc import Mapping, Sequence
from html import escape

import altair as alt
import pandas as pd

from app.charts.colours import GREY, RUN_COLOURS
from app.charts.html import enlarged
from training.formatting import whole_percent
from training.pictures import from_png
from training.runs.progress import Epoch, Progress, WatchedDigit

NOTHING_IN_PROGRESS: Mapping[str, Progress] = {}


def curves(
    histories: Mapping[str, Sequence[Epoch]], quantity: str, in_progress: Mapping[str, Progress] = NOTHING_IN_PROGRESS
) -> pd.DataFrame:
    """The "loss" or "accuracy" of each run over its epochs, on training and validation images.

    The epoch in progress is a point between two whole epochs; the first one is a curve of its own, by the step.

    Args:
        histories: the whole epochs of each run, by its name.
        in_progress: the state of runs that are not finished, by their names.
    """
    rows = []
    for run, history in histories.items():
        for epoch in history:
            for images, split in (("training", "train"), ("validation", "validation")):
                rows.append((run, images, epoch.epoch, getattr(epoch, f"{split}_{quantity}")))
        progress = in_progress.get(run)
        if progress and progress.step:
            now = progress.epoch + progress.step / progress.steps
            if history or not progress.first_epoch:
                rows.append((run, "training", now, getattr(progress, quantity)))
            else:
                for part in progress.first_epoch:
                    rows.append((run, "training", part.step / progress.steps, getattr(part, quantity)))
    return pd.DataFrame(rows, columns=["run", "images", "epoch", quantity])


def curves_chart(table: pd.DataFrame, quantity: str, epochs: int) -> alt.LayerChart | alt.FacetChart:
    """A chart of these curves over `epochs` epochs: one colour per run, dashed lines for training images.

    During the first epoch it shows this epoch alone.
    """
    legend = alt.Legend(
        orient="top", title=None, symbolType="stroke", symbolStrokeColor=GREY, direction="vertical", labelLimit=400
    )
    loss = quantity == "loss"
    first = bool(len(table)) and table["epoch"].max() <= 1
    axis = alt.Axis(format="~g") if first else alt.Axis(tickMinStep=1, format="d")
    base = alt.Chart(table).encode(
        x=alt.X("epoch:Q", scale=alt.Scale(domain=[0, 1 if first else epochs]), axis=axis),
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
