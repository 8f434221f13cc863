"""The app's set-up and its pages: `python -m streamlit run app/main.py`, in the project's folder."""

import streamlit as st

st.set_page_config(page_title="Digits from scratch", page_icon="✏️", layout="wide")
pages = {"draw.py": "Draw", "train.py": "Train", "report.py": "Report"}
st.navigation([st.Page(file, title=title, default=file == "draw.py") for file, title in pages.items()]).run()
