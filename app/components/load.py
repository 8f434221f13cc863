"""Our own Streamlit components: HTML, CSS and JavaScript that stand beside the Python that mounts them."""

from pathlib import Path
from typing import Any

import streamlit as st


def load_component(folder: Path, files: str) -> Any:
    """The component in a folder, which gives it its name, made of `files`.html, `files`.css and `files`.js there."""
    html, css, js = ((folder / f"{files}.{kind}").read_text("utf-8") for kind in ("html", "css", "js"))
    return st.components.v2.component(folder.name, html=html, css=css, js=js)
