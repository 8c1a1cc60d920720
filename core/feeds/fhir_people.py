"""FHIR R4 resources of people and places as rows of the layout."""

from collections.abc import Iterator

from core.feeds.fhir_values import References, Resource, coded, is_of, kind_of, part, parts, text, words_of

Row = dict[str, str | None]
Rows = Iterator[tuple[str, Row]]
_RACE = "us-core-race"
_ETHNICITY = "us-core-ethnicity"


def patient(resource: Resource, refs: References) -> Rows:
    """Patient, and the merges that its links state. A number or address that has ended is left out."""
    name = _name(resource)
    given = [str(g) for g in name.get("given") or [] if g]
    nick = next((n for n in parts(resource, "name") if n.get("use") in ("nickname", "usual") and n is not name), {})
    place = _address(resource)
    died = text(resource.get("deceasedDateTime"))
    doctors = parts(resource, "generalPractitioner")
    is_dead = died is not None or resource.get("deceasedBoolean") is True
    yield "patients", {
        "patient_id": text(resource.get("id")),
        "mrn": _record_number(resource),
        "first": given[0] if given else (text(name.get("text")) if not name.get("family") else None),
        "middle": " ".join(given[1:]) or None,
        "last": text(name.get("family")),
        "suffix": " ".join(str(s) for s in name.get("suffix") or []) or None,
        "preferred_name": " ".join(str(g) for g in nick.get("given") or []) or None,
        "birth_date": text(resource.get("birthDate")),
        "sex": text(resource.get("gender")) or text(_extension(resource, "us-core-sex").get("valueCode")),
        "sex_at_birth": text(_extension(resource, "us-core-birthsex").get("valueCode")),
        "race": _in_words(_extension(resource, _RACE)),
        "ethnicity": _in_words(_extension(resource, _ETHNICITY)),
        "language": _language(resource),
        **place,
        "phone_home": _telecom(resource, "phone", ("home", None, "temp")),
        "phone_mobile": _telecom(resource, "phone", ("mobile",)) or _telecom(resource, "sms", ("mobile", "home", None)),
        "phone_work": _telecom(resource, "phone", ("work",)),
        "email": _telecom(resource, "email", ("home", None, "work", "mobile", "temp")),
        "pcp_id": next((refs.id_of(doctor) for doctor in doctors if kind_of(doctor) != "Organization"), None),
        "group_id": refs.id_of(resource.get("managingOrganization")),
        "deceased_on": died,
        "status": "deceased" if is_dead else "inactive" if resource.get("active") is False else None,
    }  # fmt: skip
    yield from _links(resource, refs)


def practitioner(resource: Resource, _refs: References) -> Rows:
    """Practitioner."""
    name = _name(resource)
    credentials = [words_of(part(q, "code")) for q in parts(resource, "qualification")]
    suffix = " ".join(str(s) for s in name.get("suffix") or []) or next((c for c in credentials if c), None)
    npi = next((i for i in parts(resource, "identifier") if str(i.get("system", "")).endswith("us-npi")), {})
    given = " ".join(str(g) for g in name.get("given") or []) or None
    yield "providers", {
        "provider_id": text(resource.get("id")),
        "npi": text(npi.get("value")),
        "first": given,
        "last": text(name.get("family")) or text(name.get("text")),
        "credential": suffix,
        "active": "no" if resource.get("active") is False else "yes",
    }  # fmt: skip


def organization(resource: Resource, _refs: References) -> Rows:
    """Organization: a group."""
    yield (
        "groups",
        {
            "group_id": text(resource.get("id")),
            "name": text(resource.get("name")) or text(resource.get("id")),
            "phone": _telecom(resource, "phone", (None, "work", "home", "mobile")),
        },
    )


def location(resource: Resource, refs: References) -> Rows:
    """Location: a clinic."""
    place = _address(resource)
    yield (
        "locations",
        {
            "location_id": text(resource.get("id")),
            "group_id": refs.id_of(resource.get("managingOrganization")),
            "name": text(resource.get("name")) or text(resource.get("id")),
            **{key: place[key] for key in ("address1", "city", "state", "zip")},
            "phone": _telecom(resource, "phone", (None, "work", "home", "mobile")),
        },
    )


def _links(resource: Resource, refs: References) -> Rows:
    """Patient.link says on either record that one has replaced the other."""
    own = text(resource.get("id"))
    for link in parts(resource, "link"):
        other = refs.id_of(link.get("other")) if is_of(part(link, "other"), "Patient", refs.by_url) else None
        pair = {"replaced-by": (own, other), "replaces": (other, own)}.get(str(link.get("type")))
        if pair and other:
            yield "merges", {"merged_id": pair[0], "patient_id": pair[1]}


def _name(resource: Resource) -> Resource:
    names = [n for n in parts(resource, "name") if not part(n, "period").get("end") and n.get("use") != "old"]
    wanted = ("official", "usual", None, "temp", "nickname", "anonymous", "maiden")
    return next((n for use in wanted for n in names if n.get("use") == use), next(iter(parts(resource, "name")), {}))


def _address(resource: Resource) -> Row:
    places = [a for a in parts(resource, "address") if not part(a, "period").get("end") and a.get("use") != "old"]
    place = next((a for a in places if a.get("use") == "home"), next(iter(places), {}))
    lines = [str(line) for line in place.get("line") or [] if line]
    return {
        "address1": lines[0] if lines else None,
        "address2": ", ".join(lines[1:]) or None,
        "city": text(place.get("city")),
        "state": text(place.get("state")),
        "zip": text(place.get("postalCode")),
    }


def _telecom(resource: Resource, system: str, uses: tuple[str | None, ...]) -> str | None:
    points = [t for t in parts(resource, "telecom") if t.get("system") == system and not part(t, "period").get("end")]
    points.sort(key=lambda point: point["rank"] if isinstance(point.get("rank"), int) else 99)
    return next((text(t.get("value")) for use in uses for t in points if t.get("use") == use), None)


def _extension(resource: Resource, name: str) -> Resource:
    return next((e for e in parts(resource, "extension") if str(e.get("url", "")).endswith(name)), {})


def _in_words(extension: Resource) -> str | None:
    inner = parts(extension, "extension")
    said = next((text(e.get("valueString")) for e in inner if e.get("url") == "text"), None)
    return said or next((text(part(e, "valueCoding").get("display")) for e in inner), None)


def _language(resource: Resource) -> str | None:
    spoken = parts(resource, "communication")
    first = next((c for c in spoken if c.get("preferred") is True), next(iter(spoken), {}))
    language = part(first, "language")
    return coded(language)[1] or coded(language)[2]


def _record_number(resource: Resource) -> str | None:
    numbers = parts(resource, "identifier")
    return next((text(n.get("value")) for n in numbers if coded(part(n, "type"))[1] == "MR"), None)
