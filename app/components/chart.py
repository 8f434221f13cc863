"""Shows a chart with texts as dark as the page's own: Streamlit's are too pale to be read from afar."""

from typing import Any

import altair as alt
import streamlit as st


def show_chart(chart: alt.Chart | alt.LayerChart | alt.FacetChart, description: str, **options: Any) -> None:
    """Show the chart, with `description` for those who cannot see it; `options` are Streamlit's own."""
    ink = "#fafafa" if st.context.theme.type == "dark" else "#0e1117"
    texts = {"labelColor": ink, "titleColor": ink}
    st.altair_chart(chart.configure(axis=texts, legend=texts, text={"color": ink}), alt=description, **options)
