"""The app's server, which `python -m app` starts. `main.py` lists its pages, `.streamlit/` holds its settings."""

import streamlit as st
from starlette.middleware import Middleware

from app.guard import Guard

# The Content-Security-Policy: pages may load and run only what this server sends, with few exceptions. 'unsafe-eval' is
# not needed, as Streamlit draws charts with Vega's interpreter. The comment on each exception says what needs it.
POLICY = {
    "default-src": ["'none'"],
    "script-src": [
        "'self'",
        "blob:",  # our own components, such as the drawing pad: Streamlit loads their JavaScript from memory
        "'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='",  # one inline script of Streamlit's page
    ],
    "style-src": [
        "'self'",
        "'unsafe-inline'",  # inline styles of Streamlit, Vega, our components and our pages
    ],
    "img-src": [
        "'self'",
        "data:",  # the page's icon, and the image that the network sees
    ],
    "font-src": [
        "'self'",
        "data:",  # a font in Streamlit's style sheet
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

guard = Middleware(
    Guard,
    hosts=st.get_option("server.allowedHosts"),
    origins=st.get_option("server.corsAllowedOrigins"),
    headers=HEADERS,
)
app = st.App("main.py", middleware=[guard])
