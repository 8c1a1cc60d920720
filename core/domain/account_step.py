"""What the test of an account found: one sentence for each thing that was tried, and what to do where it failed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`words` and `advice` hold no secret, and no address of a person."""

    is_good: bool
    words: str
    advice: str = ""
