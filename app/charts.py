"""Charts and pictures that the pages show. They only look at numbers; where these come from is the pages' matter."""

import base64
from functools import cache
from io import BytesIO
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

BLUE, GREY = "#2b7bd0", "#8b949e"  # legible on white and on black


def probability_bars(probabilities: NDArray[np.floating]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Ten bars, one for each digit, the likeliest in colour; ten zeros draw the empty chart.

    Returns:
        the numbers and the chart, for `st.vega_lite_chart`.
    """
    table = pd.DataFrame({"digit": list("0123456789"), "probability": probabilities.astype(float)})
    table["best"] = table["probability"] == table["probability"].max()
    # A long bar has its label inside: sticking out at the right, it would make the chart narrower.
    table["inside"] = [percent(share) if share >= 0.8 else "" for share in table["probability"]]
    table["outside"] = [percent(share) if 0.005 <= share < 0.8 else "" for share in table["probability"]]
    return table, _empty_bars()


@cache
def _empty_bars() -> dict[str, Any]:
    """The chart without its numbers. Altair needs longer to build it than the network to read a digit: so only once."""
    base = alt.Chart(height=300).encode(
        y=alt.Y("digit:N", title=None, sort=None, axis=alt.Axis(labelFontSize=16, ticks=False, domain=False)),
        x=alt.X(
            "probability:Q",
            title="Probability",
            scale=alt.Scale(domain=(0, 1)),
            axis=alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], labelExpr="datum.value * 100 + ' %'"),
        ),
    )
    colour = alt.when("datum.best").then(alt.value(BLUE)).otherwise(alt.value(GREY))
    bars = base.mark_bar(cornerRadiusEnd=3).encode(color=colour)
    inside = base.mark_text(align="right", dx=-5, fontSize=14, color="white").encode(text="inside:N")
    outside = base.mark_text(align="left", dx=5, fontSize=14, color=GREY).encode(text="outside:N")
    return (bars + inside + outside).to_dict()


def percent(share: float) -> str:
    """In whole percent, but never sounding certain: 0.998 is not "100 %"."""
    return "over 99 %" if share >= 0.995 else f"{100 * share:.0f} %"


def enlarged(image: NDArray[np.uint8], description: str, side: int) -> str:
    """A small picture as HTML, `side` screen pixels high and wide, its own pixels in plain sight.

    The picture is inside the HTML, so that a new one costs no request and appears without flicker.
    """
    png = BytesIO()
    Image.fromarray(image).save(png, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
    return (
        f'<img src="{source}" alt="{description}" width="{side}" height="{side}" decoding="sync" '
        'style="image-rendering: pixelated">'
    )
