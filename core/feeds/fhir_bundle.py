"""FHIR files of one JSON value: a bundle, a list of resources, or a resource alone."""

from collections.abc import Iterator
from pathlib import Path

import orjson

from core.errors import DataError
from core.feeds.fhir_values import Resource, part, parts, text


def read_bundle(path: Path, name: str) -> Resource:
    """The bundle or resource of a file, called `name` in errors; a list counts as a bundle. Raises DataError."""
    try:
        value = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{name}, line {error.lineno}: this is not readable JSON. Expected a FHIR R4 bundle.") from None
    except OSError as error:
        raise DataError(f"{name} cannot be read ({error.strerror}). Check the file and its permissions.") from None
    return (
        value
        if isinstance(value, dict)
        else {"resourceType": "Bundle", "entry": [{"resource": r} for r in value]}
        if isinstance(value, list)
        else {}
    )


def entries_of(resource: Resource) -> Iterator[tuple[str | None, Resource]]:
    """(address, resource) of a bundle's entries, of bundles in it, or of a single resource. One without an id takes it
    from its address."""
    if resource.get("resourceType") != "Bundle":
        if resource.get("resourceType"):
            yield None, resource
        return
    for entry in parts(resource, "entry"):
        inner = part(entry, "resource")
        url = text(entry.get("fullUrl"))
        if inner.get("resourceType") == "Bundle":
            yield from entries_of(inner)
        elif inner:
            address = (url or "").partition("/_history/")[0].rstrip("/")
            own = text(inner.get("id")) or address.replace(":", "/").rpartition("/")[2] or None
            yield url, {**inner, "id": own}
