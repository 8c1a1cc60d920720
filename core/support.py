"""Support requests (U2): taken from users and from people at the door, without anything that tells who a patient is.

A request in which something looks like patient information is refused and nothing of it is kept. Who is refused reads
what it is; so a visitor's text is never compared with the patients on file, which would tell who is one.
"""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import polars as pl
from sqlalchemy import Connection
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from core.audit import record_in
from core.domain.patient_information import NAME, RECORD, Finding, findings, lines
from core.domain.person_names import Word, candidates, known, titled, words
from core.domain.role import OPERATE, READ_PATIENTS
from core.domain.search_key import folded, parted
from core.domain.support import MOST, OPEN, RESOLVED, WINDOW, Case, Request, problems
from core.errors import CareloopError, NotAllowed, NotFound
from core.sample.names import ORIGINS
from core.store import support_rows as rows
from core.store.database import reading, writing
from core.store.secret import secret_key
from core.workbench import VISITOR, Workbench, needs

MOST_LISTED = 500
_TOKEN = re.compile(r"[\w-]*\d[\w-]*")
_LABELS = {"name": "Name", "practice": "Practice", "synopsis": "What happened", "resolution": "Resolution"}


class HoldsPatientInformation(CareloopError):
    """A text in which something may tell who a patient is. `found` says what and where, for its author alone: it holds
    parts of the text and must not be kept or logged."""

    def __init__(self, found: list[str]) -> None:
        self.found = found
        super().__init__(
            "Nothing was sent or kept: the text may tell who a patient is. Take out what is listed, or say it "
            "otherwise, and send it again."
        )


class Incomplete(CareloopError):
    """A request that lacks something; `found` says what."""

    def __init__(self, found: list[str]) -> None:
        self.found = found
        super().__init__("Something is missing or cannot be so.")


class TooManyRequests(CareloopError):
    """Too many requests came within the hour."""

    def __init__(self) -> None:
        super().__init__(
            "Several requests have come in within the last hour, so this one was not taken. Try again later, or call."
        )


def ask(wb: Workbench, request: Request, *, client: str) -> Case:
    """Take a request and let the case number go out by email. `client` is the address or user that asks, for slowing
    down. Raises Incomplete, HoldsPatientInformation and TooManyRequests; nothing is kept then."""
    request = request.tidied()
    if missing := list(problems(request)):
        raise Incomplete(missing)
    texts = {"name": request.name, "practice": request.practice, "synopsis": request.synopsis}
    if found := _patient_information(wb, texts, sender=request):
        raise HoldsPatientInformation(found)
    keys = {"client_key": _key(wb, f"client:{client}"), "email_key": _key(wb, f"email:{request.email.lower()}")}
    at = wb.now()
    with writing(wb.engine) as connection:
        rows.one_at_a_time(connection)
        counts = rows.opened_since(connection, at - WINDOW, **keys)
        if any(count >= most for count, most in zip(counts, MOST, strict=True)):
            raise TooManyRequests
        case = Case(_free_number(wb, connection), at, wb.user.user_id, **vars(request))
        rows.add(connection, case, **keys)
        rows.add_mail(connection, case.case_number, "opened", at=at)
        if wb.organisation().support_email:
            rows.add_mail(connection, case.case_number, "arrived", at=at)
        record_in(wb, connection, "support.opened", case.case_number)
    return case


@needs(OPERATE)
def cases(wb: Workbench, *, state: str = "") -> list[Case]:
    """The latest cases, open, resolved or all."""
    with reading(wb.engine) as connection:
        return rows.cases(connection, state=state, limit=MOST_LISTED)


@needs(OPERATE)
def case(wb: Workbench, case_number: str) -> Case:
    """One case. Raises NotFound."""
    with reading(wb.engine) as connection:
        return _case(connection, case_number)


@needs(OPERATE)
def mails(wb: Workbench, case_number: str) -> list[tuple[str, str]]:
    """The mails about a case and what became of each: (opened | arrived | resolved, due | sending | sent | failed)."""
    with reading(wb.engine) as connection:
        return rows.mails(connection, case_number)


@needs(OPERATE)
def resolve(wb: Workbench, case_number: str, resolution: str) -> Case:
    """Close a case; who asked gets the resolution by email. Raises NotFound, NotAllowed for one that is closed, and
    HoldsPatientInformation."""
    text = Request(synopsis=resolution).tidied().synopsis
    if not text:
        raise NotAllowed("The resolution is missing: it goes to who asked.")
    with reading(wb.engine) as connection:
        was = _case(connection, case_number)
    sender = Request(was.name, was.email)
    if found := _patient_information(wb, {"resolution": text}, sender=sender):
        raise HoldsPatientInformation(found)
    values = {"state": RESOLVED, "resolution": text, "resolved_at": wb.now(), "resolved_by": wb.user.user_id}
    with writing(wb.engine) as connection:
        if not rows.resolve(connection, case_number, **values):
            raise NotAllowed("This case was resolved before.")
        rows.add_mail(connection, case_number, "resolved", at=wb.now())
        record_in(wb, connection, "support.resolved", case_number)
        return _case(connection, case_number)


@needs(OPERATE)
def open_count(wb: Workbench) -> int:
    """How many cases wait for somebody."""
    return len(cases(wb, state=OPEN))


def _case(connection: Connection, case_number: str) -> Case:
    found = rows.case(connection, case_number.strip())
    if found is None:
        raise NotFound("There is no case with this number. 'careloop support list' shows those there are.")
    return found


def _patient_information(wb: Workbench, texts: dict[str, str], *, sender: Request) -> list[str]:
    organisation = wb.organisation()
    ours = (
        sender.email, organisation.support_email, organisation.question_address, organisation.from_email,
        organisation.support_phone, organisation.call_back_number, organisation.caller_id,
    )  # fmt: skip
    found = []
    for key, text in texts.items():
        here = findings(text, today=wb.today(), ours=[each for each in ours if each])
        if key != "name":
            here += _names(wb, text, sender.name)
        found += [f"{_LABELS[key]}: {line}" for line in lines(text, _apart(here))]
    return found


def _apart(found: list[Finding]) -> list[Finding]:
    """In their order, each character once."""
    kept: list[Finding] = []
    for each in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or each.start >= kept[-1].end:
            kept.append(each)
    return kept


def _names(wb: Workbench, text: str, sender: str) -> list[Finding]:
    """Names and record numbers in a text: usual names, and, where the author may see patients, those on file. The
    sender's own name may stand there."""
    found = words(text, _fold)
    own = set(_fold(sender.split()))
    first_names, last_names = _usual_names()
    named = [*titled(text), *known(text, found, first_names, last_names)]
    if wb.user.user_id != VISITOR and wb.user.may(READ_PATIENTS):
        named += _on_file(wb, text, found)
    return [each for each in named if each.what != NAME or not _is_own(each, found, own)]


def _is_own(finding: Finding, found: list[Word], own: set[str]) -> bool:
    return all(word.folded in own for word in found if finding.start <= word.start and word.end <= finding.end)


def _on_file(wb: Workbench, text: str, found: list[Word]) -> list[Finding]:
    tokens = {match[0]: match for match in _TOKEN.finditer(text) if len(match[0]) > 3}
    scope = wb.user.scope
    with reading(wb.engine) as connection:
        begins = rows.last_names(connection, {word.folded.split(" ")[0] for word in found}, scope)
        maybe = list(candidates(text, found, begins))
        names = rows.named(connection, {(each.last, each.first) for each in maybe}, scope)
        numbers = rows.records(connection, set(tokens), scope)
    on_file = [Finding(NAME, each.start, each.end) for each in maybe if (each.last, each.first) in names]
    return on_file + [Finding(RECORD, *tokens[number].span()) for number in numbers]


@cache
def _usual_names() -> tuple[frozenset[str], frozenset[str]]:
    """First and last names that are usual in the US, folded: those that passwords must not be made of, which leave out
    words of every day, and those that invented people are made of."""
    first = [name for origin in ORIGINS for name in (*origin.women, *origin.men)]
    first += [*FREQUENCY_LISTS["female_names"], *FREQUENCY_LISTS["male_names"]]
    last = [name for origin in ORIGINS for name in origin.last] + [*FREQUENCY_LISTS["surnames"]]
    return frozenset(_fold(first)), frozenset(_fold(last))


def _fold(texts: Sequence[str]) -> list[str]:
    """As names on file are folded in sort_name."""
    series = pl.Series(list(texts), dtype=pl.String).str.replace_all("['’‘`]", "")
    return parted(folded(series)).fill_null("").to_list()


def _free_number(wb: Workbench, connection: Connection) -> str:
    """Drawn at random: a number that counts would tell a visitor how many cases there are. Of a million a year, one in
    use is soon followed by one that is free."""
    while True:
        number = f"{wb.today().year}-{secrets.randbelow(1_000_000):06d}"
        if rows.case(connection, number) is None:
            return number


def _key(wb: Workbench, text: str) -> str:
    return hmac.digest(secret_key(wb.settings.home), b"support:" + text.encode("utf-8", "replace"), "sha256").hex()


def request_of(wb: Workbench) -> Request:
    """What is known of who is signed in, for the form."""
    return replace(Request(), name=wb.user.name, email=wb.user.email or "", practice=wb.organisation().name)
