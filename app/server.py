"""The app as a server, which `python -m app` starts. `main.py` lists its pages, `.streamlit/` holds its settings."""

import streamlit as st
from starlette.middleware import Middleware

from app.guard import Guard

# What a page of this app may load and run: what this server sends, and little else. There is no 'unsafe-eval', as
# Streamlit's charts are drawn by Vega's interpreter. Each exception is needed; without it, this is what fails:
POLICY = {
    "default-src": ["'none'"],
    "script-src": [
        "'self'",
        "blob:",  # our own components, such as the drawing pad, whose JavaScript Streamlit loads from memory
        "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='",  # one line of Streamlit's page: a console error
    ],
    "style-src": [
        "'self'",
        "'unsafe-inline'",  # what Streamlit and Vega write into the page, and our components and pages
    ],
    "img-src": [
        "'self'",
        "data:",  # the page's icon, and the picture that the network sees
    ],
    "font-src": [
        "'self'",
        "data:",  # a font in Streamlit's own style sheet: a console error
    ],
    "connect-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
}
HEADERS = {
    "Content-Security-Policy": "; ".join(" ".join([directive, *sources]) for directive, sources in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

app = st.App("main.py", middleware=[Middleware(Guard, hosts=st.get_option("server.allowedHosts"), headers=HEADERS)])
