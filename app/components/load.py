"""Loads our own Streamlit components, with HTML, CSS and JavaScript in the folder of their Python code."""

from pathlib import Path
from typing import Any

import streamlit as st


def load_component(folder: Path, files: str) -> Any:
    """The component in `folder`, named after it, from its files `files`.html, `files`.css and `files`.js."""
    html, css, js = ((folder / f"{files}.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component(folder.name, html=html, css=css, js=js)
