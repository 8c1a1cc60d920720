"""Feeds of patients that come one after the other."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from core import loads
from core.workbench import Workbench
from tests.conftest import Clock
from tests.feeds import write_feed


@dataclass
class Feeds:
    """Loads one after the other into a workbench, its clock moved on by `step` before each. `head` are the columns."""

    wb: Workbench
    clock: Clock
    folder: Path
    head: str
    step: timedelta = timedelta(hours=1)
    number: int = field(default=0, init=False)

    def load(self, *rows: str, **manifest: Any) -> None:
        """Load a feed with these patients."""
        self.number += 1
        self.clock.at += self.step
        folder = write_feed(self.folder / f"feed{self.number}", patients=[self.head, *rows], manifest=manifest or None)
        loads.load(self.wb, folder)
