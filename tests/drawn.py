"""Tests with generated values: few of them every day, many where the long tests run.

The variable CARELOOP_EXAMPLES is the share of these many that is tried, such as 0.25; without it all are.
"""

import os
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis.strategies import SearchStrategy

Test = Callable[..., None]
SHARE = float(os.environ.get("CARELOOP_EXAMPLES", "1"))


def drawn(*, daily: int, many: int, **values: SearchStrategy[Any]) -> Callable[[Test], Test]:
    """Run a test with `values` by the names of its arguments: so many examples every day, and as a long test."""

    def decorate(test: Test) -> Test:
        @wraps(test)
        def run(examples: int, **others: Any) -> None:
            settings(max_examples=examples)(given(**values)(test))(**others)

        others = [each for name, each in signature(test).parameters.items() if name not in values]
        own = Parameter("examples", Parameter.POSITIONAL_OR_KEYWORD)
        vars(run)["__signature__"] = Signature([own, *others])
        counts = [daily, pytest.param(max(daily, round(many * SHARE)), marks=pytest.mark.long)]
        marked: Test = pytest.mark.parametrize("examples", counts)(run)
        return marked

    return decorate
