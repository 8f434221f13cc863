"""The app's configuration and its list of pages. `server.py` serves it."""

import streamlit as st

from app.components.menu import lead_to_page

st.set_page_config(page_title="Digits from scratch", page_icon="✏️", layout="wide")
# A name that does not fit into its list ends with an ellipsis.
st.html("<style>[data-testid=stSelectbox] input { text-overflow: ellipsis }</style>")
pages = {
    "draw": "Draw",
    "inside": "Look inside",
    "first_network": "First network",
    "handwriting": "My handwriting",
    "train": "Train",
    "report": "Report",
    "about": "About",
}
chosen = st.navigation(
    [st.Page(f"pages/{page}.py", title=title, default=page == "draw") for page, title in pages.items()]
)
with st.sidebar:
    lead_to_page()
chosen.run()
