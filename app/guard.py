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
        origins: allowed whatever the host name is. What forwards a port may ask for `localhost` on behalf of a page at
            `https://name`; the app then sees the page's host name, as if the request had come straight from it.
        headers: set on every response; they replace headers of the same names.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], origins: Collection[str], headers: Mapping[str, str]
    ) -> None:
        self.app = app
        self.hosts = hosts
        self.origins = origins
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        problem = refusal(Headers(scope=scope), self.hosts, self.origins)
        forwarded = Headers(scope=scope).get("origin", "")
        if not problem and forwarded.lower() in self.origins:
            MutableHeaders(scope=scope)["host"] = forwarded.partition("://")[2]
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


def refusal(headers: Headers, hosts: Collection[str], origins: Collection[str]) -> str:
    """The reason to refuse a request, and the setting that allows it: another host name or another origin. Empty if the
    request is allowed.
    """
    names = headers.getlist("host")
    if len(names) != 1 or re.sub(r":\d+$", "", names[0]).lower() not in hosts:
        return (
            "This app does not answer under that name: open it as http://localhost, with its port. To allow others on "
            "the network, start it with `make app LAN=1` (`python -m app --lan`); to allow another name, with "
            "`make app HOSTS=NAME` (`--hosts NAME`)."
        )
    allowed = {f"{scheme}://{names[0].lower()}" for scheme in ("http", "https")}.union(origins)
    if any(origin.lower() not in allowed for origin in headers.getlist("origin")):
        return (
            "This app answers only requests from its own pages. If a proxy or a forwarded port gives it another name, "
            "start it with `make app HOSTS=NAME` (`python -m app --hosts NAME`)."
        )
    return ""
