"""The charts of the First network page."""

from base64 import b64encode

import altair as alt
import numpy as np
import pandas as pd

from app.charts.colours import BLUE, GREY
from app.charts.signed_numbers import signed_picture
from model.layer import Array
from training.pictures import data_url, to_png

# The picture's part of the plane, as an SVG's viewBox: left, top, width and height. Downwards is 1 − x₂.
LEFT, SIDE = -0.25, 1.5


def decision_picture(outputs: Array, lines: Array, inputs: Array, targets: Array, description: str) -> str:
    """HTML of the network's output over the square, the lines where hidden neurons are 0, and the samples.

    It changes several times a second: an Altair chart of so many cells takes a browser longer than that.

    Args:
        outputs: `(k, k)` at evenly spaced positions: row 0 is x₂ = LEFT, column 0 is x₁ = LEFT.
        lines: the ends of the lines, `(neurons, 2, 2)`.
        inputs, targets: `(n, 2)` and `(n, 1)`.
        description: of what is seen, for screen readers.
    """
    area = data_url(to_png(signed_picture(outputs[::-1] - 0.5)))
    parts = [f'<image href="{area}" x="{LEFT}" y="{LEFT}" width="{SIDE}" height="{SIDE}"/>']
    for (x1, x2), (end1, end2) in lines:
        parts.append(
            f'<line x1="{x1:.3f}" y1="{1 - x2:.3f}" x2="{end1:.3f}" y2="{1 - end2:.3f}" stroke="{GREY}" '
            'stroke-width="0.008" stroke-dasharray="0.03 0.02"/>'
        )
    for (x1, x2), (target,) in zip(inputs, targets, strict=True):
        parts.append(
            f'<circle cx="{x1}" cy="{1 - x2}" r="0.07" fill="white" stroke="black" stroke-width="0.008"/>'
            f'<text x="{x1}" y="{1 - x2}" font-size="0.09" font-weight="bold" text-anchor="middle" '
            f'dominant-baseline="central" fill="black">{target:.0f}</text>'
        )
    box = f"{LEFT} {LEFT} {SIDE} {SIDE}"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="sans-serif">{"".join(parts)}</svg>'
    # As an image: Streamlit removes SVG elements from HTML.
    source = f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
    return f'<img src="{source}" alt="{description}" width="280" height="280" decoding="sync">'


def errors_chart(errors: list[float], most: int, unit: str) -> alt.LayerChart | alt.FacetChart:
    """The mean error E of each `unit`, on an axis for `most` of them; logarithmic."""
    table = pd.DataFrame({unit: np.arange(1, len(errors) + 1), "E": errors})
    base = alt.Chart(table).encode(
        x=alt.X(f"{unit}:Q", scale=alt.Scale(domain=[0, most]), axis=alt.Axis(format="d", tickCount=5)),
        y=alt.Y("E:Q", title="mean error E (logarithmic)", scale=alt.Scale(type="log"), axis=alt.Axis(format="~g")),
        tooltip=[f"{unit}:Q", "E:Q"],
    )
    last = base.transform_filter(alt.datum[unit] == len(errors))
    return alt.layer(base.mark_line(color=BLUE), last.mark_circle(color=BLUE, size=40, opacity=1), height=280)
