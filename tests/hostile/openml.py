"""A local substitute for OpenML, with a data set of 60 random images and selectable faults."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 28, 28), dtype=np.uint8)
LABELS = np.arange(60, dtype=np.uint8) % 10
# What scikit-learn asks for, in this order, and what it calls the address.
QUESTIONS = {
    "/list/": "_SEARCH_NAME",
    "/info/": "_DATA_INFO",
    "/features/": "_DATA_FEATURES",
    "/qualities/": "_DATA_QUALITIES",
}
PLACES = (*QUESTIONS, "/download/")
HTML = b"<html><body>Please log in to this network.</body></html>"


class OpenML(ThreadingHTTPServer):
    """The server.

    Attributes:
        ailment: what is wrong with an answer, a name in `AILMENTS`; "" is none.
        place: which answer is ill: one of `PLACES`, or "/" for all of them.
        times: how many answers will be ill.
        recovered: set to end the answers that would never end.
    """

    daemon_threads = True
    ailment, place, times = "", "/", 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.recovered = threading.Event()
        pixels = [f"pixel{i}" for i in range(1, 785)]
        rows = zip(IMAGES.reshape(60, 784), LABELS, strict=True)
        attributes = [f"@ATTRIBUTE {name} real" for name in pixels] + ["@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}"]
        lines = ["@RELATION mnist_784", *attributes, "@DATA", *(f"{','.join(map(str, row))},{y}" for row, y in rows)]
        arff = ("\n".join(lines) + "\n").encode()
        usual = {"is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0"}
        features = [{"name": name, "data_type": "numeric", "is_target": "false"} for name in pixels]
        features.append({"name": "class", "data_type": "nominal", "is_target": "true"})
        description = {
            **{"id": "554", "name": "mnist_784", "version": "1", "format": "ARFF", "status": "active"},
            **{"description": "Made up.", "default_target_attribute": "class"},
            "md5_checksum": hashlib.md5(arff).hexdigest(),
            "url": f"{self.address}/download/mnist_784.arff",
        }
        numbered = [{"index": str(i), **feature, **usual} for i, feature in enumerate(features)]
        qualities = [{"name": "NumberOfInstances", "value": "60.0"}, {"name": "NumberOfFeatures", "value": "785.0"}]
        answers: dict[str, Any] = {
            "/list/": {"data": {"dataset": [{"did": 554, "name": "mnist_784", "version": 1, "status": "active"}]}},
            "/info/": {"data_set_description": description},
            "/features/": {"data_features": {"feature": numbered}},
            "/qualities/": {"data_qualities": {"quality": qualities}},
        }
        self.answers = {place: json.dumps(answer).encode() for place, answer in answers.items()}
        self.answers["/download/"] = arff

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fall_ill(self, ailment: str, place: str, times: int) -> None:
        self.ailment, self.place, self.times = ailment, place, times
        self.recovered.clear()

    def recover(self) -> None:
        self.times = 0
        self.recovered.set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has hung up: that is what these tests are about."""


class Answer(BaseHTTPRequestHandler):
    server: OpenML

    def do_GET(self) -> None:
        place = next(place for place in PLACES if self.path.startswith(place))
        answer = self.server.answers[place]
        if self.server.times > 0 and self.server.place in ("/", place):
            self.server.times -= 1
            AILMENTS[self.server.ailment](self, answer)
        else:
            self.say(answer)

    def say(self, answer: bytes, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer) if length is None else length))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(answer)

    def drop_by_drop(self, answer: bytes, length: int, pause: float) -> None:
        """Begin at once, then send a piece after each pause, until somebody calls it off."""
        self.say(b"", length)
        for start in range(0, len(answer), length // 10 + 1):
            if self.server.recovered.wait(pause):
                return
            self.wfile.write(answer[start : start + length // 10 + 1])

    def for_ever(self, answer: bytes) -> None:
        """A byte now and then: never silent for long, never done."""
        self.say(b"", 10**9)
        with suppress(OSError):
            while not self.server.recovered.wait(0.1):
                self.wfile.write(b" ")

    def log_message(self, *arguments: object) -> None:
        pass


AILMENTS = {
    "slow": lambda handler, answer: handler.drop_by_drop(answer, len(answer), 0.05),
    "404": lambda handler, answer: handler.send_error(404),
    "500": lambda handler, answer: handler.send_error(500),
    "412, an error of OpenML's own": lambda handler, answer: handler.send_error(412),
    "other bytes, as many": lambda handler, answer: handler.say(answer[:-100] + answer[-100:].swapcase()[::-1]),
    "one pixel changed": lambda handler, answer: handler.say(answer.replace(b",17,", b",71,", 1)),
    "cut": lambda handler, answer: handler.say(answer[: len(answer) // 2], len(answer)),
    "cut, and said to be whole": lambda handler, answer: handler.say(answer[: len(answer) // 2]),
    "nothing": lambda handler, answer: handler.say(b""),
    "an empty object": lambda handler, answer: handler.say(b"{}"),
    "a page of HTML": lambda handler, answer: handler.say(HTML),
    "hung up": lambda handler, answer: handler.connection.close(),
    "silent": lambda handler, answer: handler.server.recovered.wait(60),
    "a byte now and then": lambda handler, answer: handler.for_ever(answer),
}


@contextmanager
def openml() -> Iterator[OpenML]:
    """The server at work, in good health."""
    server = OpenML()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.recover()
        server.shutdown()
        server.server_close()
        thread.join()
