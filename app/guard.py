"""Checks every request before Streamlit sees it, and adds security headers to every response.

Streamlit asks an outside service for its own address when a request comes from another origin. The guard refuses such
requests first.
"""

import re
from collections.abc import Collection, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Guard:
    """ASGI middleware: refuses other host names and other origins, and sets the same headers on every response.

    Args:
        app: the application that answers the allowed requests.
        hosts: the allowed host names, without a port.
        headers: set on every response; they replace headers of the same names.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], headers: Mapping[str, str]) -> None:
        self.app = app
        self.hosts = hosts
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        problem = refusal(Headers(scope=scope), self.hosts)
        if scope["type"] == "websocket":
            if problem:
                return await send(
                    {"type": "websocket.close", "code": 1008, "reason": problem}
                )  # the client receives a 403
            return await self.app(scope, receive, send)
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        if problem:
            return await PlainTextResponse(problem, 403)(scope, receive, send_with_headers)
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            if not started:
                await PlainTextResponse("Internal Server Error", 500)(scope, receive, send_with_headers)
            raise


def refusal(headers: Headers, hosts: Collection[str]) -> str:
    """The reason to refuse a request: another host name or another origin. Empty if the request is allowed."""
    names, origins = headers.getlist("host"), headers.getlist("origin")
    if len(names) != 1 or re.sub(r":\d+$", "", names[0]).lower() not in hosts:
        return "This app does not answer under that name: open it as http://localhost, with its port."
    if any(origin.partition("://")[2].lower() != names[0].lower() for origin in origins):
        return "This app answers only requests from its own pages."
    return ""
