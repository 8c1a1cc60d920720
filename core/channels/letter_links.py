"""Links on paper: with their addresses, since paper cannot be clicked."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.channels.letter_html import Run
from core.domain.address import phone_text


def with_addresses(runs: Sequence[Run]) -> Iterator[Run]:
    """The text of links, with their addresses behind it where it says something else: paper cannot be clicked."""
    said = ""
    for place, run in enumerate(runs):
        yield run
        said = said + run.text if place and runs[place - 1].href == run.href else run.text
        is_last = place + 1 == len(runs) or runs[place + 1].href != run.href
        if run.href and is_last:
            address = shown_address(run.href)
            if address and _plain(said) != _plain(address):
                yield replace(run, text=f" ({address})", href="", is_underlined=False)


def shown_address(href: str) -> str:
    """A link's address as it is printed: what has to be typed or dialled."""
    scheme, _, rest = href.partition(":")
    if scheme.lower() == "mailto":
        return rest.partition("?")[0]
    if scheme.lower() == "tel":
        return phone_text(rest).removeprefix("(").replace(") ", "-") if rest.startswith("+") else rest
    return rest.removeprefix("//").removeprefix("www.").rstrip("/")


def _plain(text: str) -> str:
    text = "".join(text.lower().split()).removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return "".join(each for each in text.rstrip("/.") if each not in "()-+ ").removeprefix("1")
