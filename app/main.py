"""The app's set-up and its pages, which `server.py` serves."""

import streamlit as st

st.set_page_config(page_title="Digits from scratch", page_icon="✏️", layout="wide")
st.navigation(
    [
        st.Page("draw.py", title="Draw", default=True),
        st.Page("inside.py", title="Look inside"),
        st.Page("report.py", title="Report"),
    ]
).run()
