"""The app's set-up and its pages, which `server.py` serves."""

import streamlit as st

st.set_page_config(page_title="Digits from scratch", page_icon="✏️", layout="wide")
pages = {
    "draw.py": "Draw",
    "inside.py": "Look inside",
    "handwriting.py": "My handwriting",
    "train.py": "Train",
    "report.py": "Report",
}
st.navigation([st.Page(file, title=title, default=file == "draw.py") for file, title in pages.items()]).run()
