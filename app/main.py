"""The app's set-up and its pages: `python -m streamlit run app/main.py`, in the project's folder."""

import streamlit as st

st.set_page_config(page_title="Digits from scratch", page_icon="✏️", layout="wide")
st.navigation(
    [
        st.Page("draw.py", title="Draw", default=True),
        st.Page("report.py", title="Report"),
        st.Page("handwriting.py", title="My handwriting"),
    ]
).run()
