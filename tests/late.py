"""Large libraries that few tests compare with are imported when they are first called: every process that collects
tests imports their files."""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def late(module: str, name: str) -> Callable[..., Any]:
    """A function or class of a module, imported at the first call."""

    def call(*args: Any, **named: Any) -> Any:
        return getattr(import_module(module), name)(*args, **named)

    return call
