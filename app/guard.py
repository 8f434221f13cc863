"""Who is let in, and what the browser may do: asked of every request, before Streamlit sees it.

Streamlit asks an outside service for its own address when a page of another origin knocks. Here such a page is turned
away first.
"""

import re
from collections.abc import Collection, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Guard:
    """ASGI middleware: refuses other host names and other origins, and gives every answer the same headers.

    Args:
        app: what answers the requests that are let in.
        hosts: the names by which this server may be called, without a port.
        headers: what every answer carries, in place of headers of the same names.
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
                return await send({"type": "websocket.close", "code": 1008, "reason": problem})  # becomes a 403
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
    """Why a request is not let in: it comes under another name or from another origin. Empty where it is."""
    named, origins = headers.getlist("host"), headers.getlist("origin")
    if len(named) != 1 or re.sub(r":\d+$", "", named[0]).lower() not in hosts:
        return "This app does not answer under that name: open it as http://localhost, with its port."
    if any(origin.partition("://")[2].lower() != named[0].lower() for origin in origins):
        return "This app answers its own pages only."
    return ""
