"""The Streamlit app: pages and the drawing pad."""
