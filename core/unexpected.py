"""What becomes of a mistake in this program: a case number for the person, its class and place for the log.

The words of an exception may hold anything: a name in a file that could not be read, a number in a statement. They are
never shown nor logged; where it happened and of which kind it was is enough to find it.
"""

import logging
import secrets
import sys
import threading
from pathlib import Path
from traceback import extract_tb
from typing import Any

_PLACES = 12  # the innermost ones that are named
_ROOT = Path(__file__).parent.parent


def case_of(error: BaseException) -> str:
    """The number of one case, the same whoever asks for the same exception: '1f3a9c02'."""
    case = getattr(error, "careloop_case", "")
    if not case:
        case = secrets.token_hex(4)
        try:
            error.careloop_case = case  # type: ignore[attr-defined]
        except AttributeError:  # an exception with slots
            return case
    return str(case)


def summary(error: BaseException) -> str:
    """Number, class and places, of what it came from as well; no value: 'case 1f3a9c02: KeyError at core/x.py:12 f'."""
    parts: list[str] = []
    shown: BaseException | None = error
    while shown is not None and len(parts) < 5:
        parts.append(f"{type(shown).__name__} at {_places(shown)}")
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)
    return f"case {case_of(error)}: {', from '.join(parts)}"


def sentence(error: BaseException) -> str:
    """What the person reads to whom it happened."""
    return (
        f"Something went wrong that should not have. What was kept before is kept. Try again; if it happens again, "
        f"give whoever runs Careloop this number, by which the log tells more: {case_of(error)}."
    )


def keep_values_out() -> None:
    """From now on nothing in this process writes the words of an exception: no log, no thread that ends with one, no
    end of the program. Doing it again changes nothing."""
    if getattr(logging.getLogRecordFactory(), "keeps_values_out", False):
        return
    make = logging.getLogRecordFactory()

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        error = made.exc_info[1] if made.exc_info else None
        if error is not None:
            made.msg, made.args = f"{made.getMessage()} ({summary(error)})", ()
            made.exc_info = made.exc_text = None
        return made

    record.keeps_values_out = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)
    sys.excepthook = lambda _kind, error, _trace: _write(error)
    threading.excepthook = lambda ended: None if ended.exc_value is None else _write(ended.exc_value)


def _write(error: BaseException) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return
    sys.stderr.write(f"careloop: {summary(error)}\n")
    sys.stderr.flush()


def _places(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)[-_PLACES:]
    return " < ".join(f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in reversed(frames)) or "?"


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else "/".join(path.parts[-2:])
