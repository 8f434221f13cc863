"""Uploading as a browser does it, over a bare HTTP connection."""

import http.client
from urllib.parse import urlsplit

BOUNDARY = "a-line-that-is-in-no-picture"


def token(url: str) -> str:
    """The token that the server gives a browser as a cookie, and wants back with each upload."""
    with_port = urlsplit(url).netloc
    connection = http.client.HTTPConnection(with_port, timeout=20)
    connection.request("GET", "/_stcore/health")
    cookie = connection.getresponse().getheader("Set-Cookie") or ""
    connection.close()
    return cookie.partition("=")[2].partition(";")[0]


def headers(token: str) -> dict[str, str]:
    return {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Cookie": f"_streamlit_xsrf={token}",
        "X-Xsrftoken": token,
    }


def form(content: bytes) -> bytes:
    start = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="picture.png"; filename="picture.png"\r\n\r\n'
    return start.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def put(url: str, path: str, token: str, content: bytes, cookies: str = "") -> int:
    """The status that the server answers with, to a browser that has these cookies too."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    sent = headers(token)
    sent["Cookie"] += f"; {cookies}" if cookies else ""
    connection.request("PUT", path, form(content), sent)
    status = connection.getresponse().status
    connection.close()
    return status
