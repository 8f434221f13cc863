"""The rows of `history.csv` as event files, for those who watch their runs in TensorBoard (extra `tensorboard`)."""

import time
from pathlib import Path
from typing import Any

from .extras import extra
from .trainer import Trainer


class EventWriter:
    """Writes the numbers of each finished epoch into `folder`, one curve for each column.

    A resumed run writes a second file, which begins where the first ends: TensorBoard shows one curve.

    Raises:
        MissingExtra: the library is not installed.
    """

    def __init__(self, folder: Path) -> None:
        with extra("tensorboard"):
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.compat.proto.summary_pb2 import Summary
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        self.folder, self.event, self.summary, self.file_writer = folder, Event, Summary, EventFileWriter
        self.file: Any = None
        self.written = 0

    def __call__(self, trainer: Trainer) -> None:
        """Write the epochs that were finished since the last call."""
        history = trainer.progress.history
        if self.file is None:
            self.written = len(history) if any(self.folder.glob("events.*")) else 0
            self.file = self.file_writer(str(self.folder))
        for row in history[self.written :]:
            values = [self.summary.Value(tag=name, simple_value=row[name]) for name in row if name != "epoch"]
            event = self.event(step=int(row["epoch"]), wall_time=time.time(), summary=self.summary(value=values))
            self.file.add_event(event)
            self.file.flush()
        self.written = len(history)

    def close(self) -> None:
        if self.file is not None:
            self.file.close()
