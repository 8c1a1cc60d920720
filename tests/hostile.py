"""A demo in which whatever a person or a feed may have written holds what a screen must show as text and never read."""

import csv
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from core import (
    campaign_list,
    campaigns,
    corrections,
    demo,
    demo_story,
    downloads,
    inbox,
    logos,
    opt_outs,
    organisation_settings,
    patients,
    remarks,
    return_addresses,
    saved_views,
    templates,
    users,
    work_lists,
)
from core.domain.user import User
from core.domain.wish import Wish
from core.domain.work_list import WorkList
from core.errors import CareloopError
from core.feeds.layout import TABLES
from core.inbox import Incoming
from core.incoming_texts import take_all
from core.sample import write_sample
from core.settings import read_settings
from core.workbench import DISPATCHER, Workbench, open_workbench

ELSEWHERE = "127.0.0.1:9"  # nobody answers there, and nothing of ours ever asks there
SHORT = f"<img src=http://{ELSEWHERE}/x>"
PAYLOAD = (
    f"Zq{SHORT}![x](http://{ELSEWHERE}/p)[a](javascript:alert(1)) $\\href{{http://{ELSEWHERE}}}{{x}}$ :red[x] "
    f"{{{{7*7}}}} \u202etxt <a href=http://{ELSEWHERE}/l>l</a> http://{ELSEWHERE}/auto :material/home:"
)
_NOT_FREE = {
    "language",
    "state",
    "zip",
    "unit",
    "loinc",
    "local_code",
    "code",
    "code_system",
    "value",
    "time_zone",
    "cvx",
    "rxnorm",
    "npi",
    "tin",
    "ref_low",
    "ref_high",
    "time",
    "attempt",
    "attempts",
    "dose_no",
    "status",
    "role",
    "sms_consent_source",
}


def make(home: Path, *, patients: int, port: int) -> None:
    """The demo's home with such texts in every free field of its feed and of what people write."""
    settings = read_settings({"CARELOOP_HOME": str(home), "CARELOOP_PORT": str(port)})
    with patch.object(demo_story, "write_sample", _written):
        settings = demo.make(settings, patients=patients)
    wb = open_workbench(settings, user=demo.TELLER)
    try:
        for fill in (_users, _settings, _files, _lists, _people, _campaigns, _replies):
            fill(wb)
    finally:
        wb.engine.dispose()


def _written(out: Path, *, patients: int, seed: int, as_of: date, progress: Any = None) -> dict[str, int]:
    counts = write_sample(out, patients=patients, seed=seed, as_of=as_of, progress=progress)
    for table in TABLES:
        free = [each.name for each in table.columns if each.kind in ("text", "name") and each.name not in _NOT_FREE]
        path = out / f"{table.name}.csv"
        if not free or not path.exists():
            continue
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for number, row in enumerate(rows):
            # Too long for a letter is not printed: some people stay as they are.
            said = ("", SHORT, PAYLOAD)[number % 3] if table.name == "patients" else PAYLOAD
            row.update({name: f"{row[name]} {said}".strip() for name in free if row.get(name)})
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else free)
            writer.writeheader()
            writer.writerows(rows)
    return counts


def _try(*works: Callable[[], object]) -> None:
    """What refuses such a text has done its part."""
    for work in works:
        with suppress(CareloopError):
            work()


def _users(wb: Workbench) -> None:
    _try(
        lambda: users.add(wb, User("eve", PAYLOAD[:60])),
        lambda: users.invite(wb, "mallory", PAYLOAD[:60], roles=["manager"]),
        lambda: users.invite(wb, "trudy", SHORT, roles=["manager"]),
    )


def _settings(wb: Workbench) -> None:
    for key, value in organisation_settings.current(wb).items():
        if isinstance(value, str) and value:
            for text in (f"{value} {PAYLOAD}", f"{value} {SHORT}"):
                _try(lambda key=key, text=text: organisation_settings.change(wb, {key: text}))  # type: ignore[misc]


def _files(wb: Workbench) -> None:
    picture = logos.logo(wb, logos.logos(wb)[0].logo_id).content
    _try(
        lambda: return_addresses.add(wb, PAYLOAD[:60], [SHORT, SHORT]),
        lambda: return_addresses.add(wb, SHORT, [SHORT, "1 Street"]),
        lambda: logos.add(wb, PAYLOAD[:60], picture),
        lambda: logos.add(wb, SHORT, picture),
        lambda: downloads.add_document(wb, "![x] :red[x] $x$ {{7}}", PAYLOAD[:150], b"plain text"),
        lambda: downloads.add_document(wb, "[a](b)", SHORT, b"plain text"),
    )


def _lists(wb: Workbench) -> None:
    for name in (PAYLOAD[:60], SHORT):
        _try(lambda name=name: saved_views.save_view(wb, name, WorkList(), is_shared=True))  # type: ignore[misc]


def first_people(wb: Workbench, count: int = 6) -> list[str]:
    """Some patients, those with care gaps first."""
    return [str(each) for each in work_lists.run(wb, WorkList()).ids[:count]]


def _people(wb: Workbench) -> None:
    for patient_id in first_people(wb):
        for measure in ("scr-mammogram", "imm-flu", "dm-a1c", "visit-awv"):
            _try(lambda p=patient_id, m=measure: remarks.add(wb, p, m, "patient_refused", comment=PAYLOAD))  # type: ignore[misc]
        _try(
            lambda p=patient_id: opt_outs.add_many(wb, p, [Wish("protocol", "Other", protocol=SHORT)]),  # type: ignore[misc]
            lambda p=patient_id: opt_outs.add_many(  # type: ignore[misc]
                wb, p, [Wish("health_email", "Other", comment=PAYLOAD)]
            ),
            lambda p=patient_id: corrections.correct(  # type: ignore[misc]
                wb, p, "mobile", {"phone_mobile": "5555550177"}, reason=PAYLOAD
            ),
        )


def _campaigns(wb: Workbench) -> None:
    for one in campaign_list.campaigns(wb):
        draft = one.campaign
        for key, value in (("name", PAYLOAD[:90]), ("description", PAYLOAD), ("from_name", SHORT)):
            _try(
                lambda draft=draft, key=key, value=value: campaigns.save(  # type: ignore[misc]
                    wb, draft.campaign_id, {key: value}, version=campaigns.campaign(wb, draft.campaign_id).version
                )
            )
    from core import new_campaigns

    for template in templates.library():
        _try(
            lambda t=template: new_campaigns.create(  # type: ignore[misc]
                wb, template_id=t.template_id, patient_ids=first_people(wb, 3), work_list=WorkList()
            )
        )


def _replies(wb: Workbench) -> None:
    numbers = [each.phone_mobile for each in patients.people(wb, first_people(wb, 40)) if each.phone_mobile]
    for at, number in enumerate(numbers[:5]):
        text = Incoming(f"SMhostile{at}", number, "+15550100000", PAYLOAD, "")
        _try(lambda text=text: take_all(wb.as_user(DISPATCHER), [text]))  # type: ignore[misc]
    assert inbox.replies(wb) is not None
