"""How processes of ours end: a signal asks, and the loop stops when what is in hand is finished."""

import signal
import threading
from types import FrameType


def stop_on_signals(stop: threading.Event) -> None:
    """Set `stop` on SIGTERM and SIGINT. Does nothing outside the main thread, where Python takes no signals."""
    if threading.current_thread() is not threading.main_thread():
        return

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
