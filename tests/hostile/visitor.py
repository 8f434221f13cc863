"""A visitor without a browser: one session on the Draw page, which speaks Streamlit's own protocol over its WebSocket.

Fifty browsers would measure this computer; fifty of these measure the app. A visitor sends what the drawing pad and the
other widgets send, when they send it, and keeps what the page shows.
"""

import asyncio
import json
import re
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

Strokes = list[list[tuple[int, int]]]

STEP = 0.02  # seconds from one point of a stroke to the next
LIFT = 0.2  # seconds from one stroke to the next
# How long the pad rests after an answer, while the pen is down: so many times as long as that took, within bounds.
RESTS, LEAST_REST, MOST_REST = 2, 0.12, 1.0  # seconds
PATIENCE = 300  # seconds; who waits longer was forgotten


@dataclass(frozen=True)
class Reading:
    """What the page shows of a drawing: all of it but the chart, which comes last."""

    revision: int  # of the drawing
    words: str  # at the pad
    lines: list[str]  # beside it
    key: str | None  # of the digit that the buttons are about
    truth: str | None  # as which it is kept
    arrived: float


class Visitor:
    """Somebody on the Draw page; `visiting` opens it."""

    def __init__(self, connection: ClientConnection, cookies: str) -> None:
        self.connection = connection
        self.cookies = cookies
        self.revision = self._drawn = 0  # of the newest, and of the newest drawing
        self.strokes: Any = []
        self.weights: list[str] = []  # what the list in the sidebar offers
        self.chosen = ""  # of these
        self.reading: Reading | None = None
        self.problems: list[str] = []  # errors that the newest run of the page showed
        self.idle = asyncio.Event()  # the page has run to its end
        self._news = asyncio.Event()
        self._ids: dict[str, str] = {}
        self._fragment = ""
        self._session = ""
        self._file: asyncio.Future[FileURLs] | None = None
        self._pad: dict[str, Any] = {}
        self._sent: float | None = None  # when the drawing was shown that is not answered yet
        self._took = 0.0  # seconds to the last answer
        self._lines: list[str] = []

    async def draw(self, strokes: Strokes) -> tuple[Reading, float]:
        """Draw as a hand does, while the pad sends what there is; the reading of it all, and the seconds to it from the
        last pen-up.
        """
        sent = 0.0
        for number, stroke in enumerate(strokes):
            begun = time.monotonic()
            for stop in range(1, len(stroke)):
                await asyncio.sleep(STEP)
                answered = self.reading.arrived if self.reading and self.reading.revision == self.revision else None
                rest = min(max(LEAST_REST, RESTS * self._took), MOST_REST)
                if answered is not None and time.monotonic() > max(answered, begun) + rest:
                    await self.show([*strokes[:number], stroke[:stop]])
            sent = await self.show(strokes[: number + 1])
            if stroke is not strokes[-1]:
                await asyncio.sleep(LIFT)
        reading = await self.until(lambda reading: reading.revision == self.revision)
        return reading, reading.arrived - sent

    async def show(self, strokes: Any) -> float:
        """Send a drawing, or what is none, as the pad does; when that was."""
        self.revision = self._drawn = self.revision + 1
        self.strokes = strokes
        self._sent = time.monotonic()
        return await self._run(self._fragment)

    async def show_anything(self, text: str) -> None:
        """Send what no pad would, and wait until the page has run."""
        await self.send_anything(text)
        await self._until_idle()

    async def send_anything(self, text: str) -> None:
        self.idle.clear()
        message = BackMsg()
        message.rerun_script.fragment_id = self._fragment
        states = message.rerun_script.widget_states.widgets
        states.add(id=self._ids["drawing_pad"], json_value=text)
        states.add(id=self._ids["weights"], string_value=self.chosen)
        await self.send(message)

    async def place_to_upload(self) -> FileURLs:
        """Where this session may put a file."""
        self._file = asyncio.get_running_loop().create_future()
        message = BackMsg()
        message.file_urls_request.request_id = "one"
        message.file_urls_request.file_names.append("picture.png")
        message.file_urls_request.session_id = self._session
        await self.send(message)
        async with asyncio.timeout(PATIENCE):
            return await self._file

    async def show_picture(self, content: bytes) -> None:
        """Put a picture in the pad's place, and wait until the page has read it."""
        self.revision += 1
        picture = {"revision": self.revision, "content": b64encode(content).decode()}
        await self._run(self._fragment, "drawing_pad", {"picture": picture})
        await self._until_idle()

    async def choose(self, weights: str) -> Reading:
        """Choose other weights; what they read in the drawing that is there."""
        await self.idle.wait()
        self.chosen = weights
        sent = await self._run("")
        return await self.until(lambda reading: reading.arrived > sent)

    async def tap(self, key: str, truth: str) -> Reading:
        """Say what a digit was meant as; the page that says it is kept."""
        await self.idle.wait()
        sent = await self._run(self._fragment, "truth_buttons", {"tap": {"key": key, "truth": truth}})
        return await self.until(lambda reading: reading.arrived > sent)

    async def until(self, arrived: Callable[[Reading], bool]) -> Reading:
        """Wait for a reading.

        Raises:
            TimeoutError: it does not come.
        """
        async with asyncio.timeout(PATIENCE):
            while self.reading is None or not arrived(self.reading):
                self._news.clear()
                await self._news.wait()
        return self.reading

    async def send(self, message: BackMsg) -> float:
        content = message.SerializeToString()
        sent = time.monotonic()
        await self.connection.send(content)
        return sent

    async def _run(self, fragment: str, component: str = "", events: dict[str, Any] | None = None) -> float:
        """Let the page, or a part of it, run with what its widgets hold now, and with events of a component."""
        self.idle.clear()
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        states = message.rerun_script.widget_states.widgets
        if "drawing_pad" in self._ids:
            drawing = {"revision": self._drawn, "strokes": self.strokes}
            states.add(id=self._ids["drawing_pad"], json_value=json.dumps({"drawing": drawing}))
        if self.chosen:  # a browser tells of what nobody changed, too
            states.add(id=self._ids["weights"], string_value=self.chosen)
        if events is not None:
            triggers = [{"event": event, "value": value} for event, value in events.items()]
            states.add(
                id=f"$$STREAMLIT_INTERNAL_KEY_{self._ids[component]}__events", json_trigger_value=json.dumps(triggers)
            )
        return await self.send(message)

    async def _until_idle(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.idle.wait()

    async def listen(self) -> None:
        """Keep what the page shows, until the connection is closed."""
        async for content in self.connection:
            assert isinstance(content, bytes)
            message = ForwardMsg.FromString(content)
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self._session = message.new_session.initialize.session_id
                self.problems = []
                self._lines = []
            if kind == "file_urls_response" and self._file is not None:
                self._file.set_result(message.file_urls_response.file_urls[0])
            if kind == "delta":
                self._see(message.delta)
            if kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self.idle.set()

    def _see(self, delta: Delta) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "selectbox":
            self._ids["weights"] = element.selectbox.id
            self.weights = list(element.selectbox.options)
            if not self.chosen:
                self.chosen = self.weights[element.selectbox.default]
        if kind == "html" and element.html.body.startswith("<p"):
            self._lines = re.findall("<p[^>]*>([^<]*)</p>", element.html.body)
        if kind in ("alert", "exception"):
            self.problems.append(element.alert.body or element.exception.message)
        name = element.bidi_component.component_name.rpartition(".")[2]
        if name in ("drawing_pad", "truth_buttons"):
            component = element.bidi_component
            self._ids[name] = component.id
            self._fragment = delta.fragment_id
            data = json.loads(component.json)
            if name == "drawing_pad":
                self._pad = data["read"]
            else:  # the buttons, which come after the pad and the words
                self.reading = Reading(
                    self._pad["revision"],
                    self._pad["words"],
                    self._lines,
                    data["keys"][data["chosen"]] if data["keys"] else None,
                    data["truths"][data["chosen"]] if data["keys"] else None,
                    time.monotonic(),
                )
                if self._sent is not None and self.reading.revision == self.revision:
                    self._took, self._sent = self.reading.arrived - self._sent, None
                self._news.set()


def cookies_of(url: str, cookies: str = "") -> str:
    """Load the page as a browser does that has some cookies; those that it has then."""
    request = Request(f"{url}/", headers={"Cookie": cookies} if cookies else {})
    with urlopen(request, timeout=PATIENCE) as response:
        given = [header.partition(";")[0] for header in response.headers.get_all("Set-Cookie", [])]
    jar = dict(pair.split("=", 1) for pair in [*cookies.split("; "), *given] if pair)
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@asynccontextmanager
async def visiting(url: str) -> AsyncIterator[Visitor]:
    """Open the Draw page, and wait until one can draw."""
    address = url.replace("http", "ws") + "/_stcore/stream"
    cookies = await asyncio.to_thread(cookies_of, url)
    headers = {"Cookie": cookies} if cookies else {}
    # A browser does not ask whether the server still lives.
    async with connect(
        address, origin=Origin(url), additional_headers=headers, max_size=None, ping_interval=None
    ) as connection:
        visitor = Visitor(connection, cookies)
        listening = asyncio.create_task(visitor.listen())
        message = BackMsg()
        message.rerun_script.query_string = ""
        await visitor.send(message)
        await visitor.until(lambda reading: True)
        await visitor.idle.wait()
        yield visitor
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
