"""The report of a campaign of 2,000 patients: the seconds of each part, and of a rerun of the page.

    .venv/bin/python tests/benchmarks/reports.py [--patients 2000]

One JSON object a line; the peer of the figures is reading the same rows with SQL and counting them in Python.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select, update

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # a script finds what lies beside it only

from core import campaigns, effects, report_parts, reports
from core.domain.effects.outcomes import CLOSED_COLUMNS
from core.domain.user import User
from core.settings import Settings
from core.store import accounts
from core.store.database import reading, writing
from core.store.schema import campaigns as campaign_table
from core.store.schema import follow_ups, outcomes, recipients
from core.workbench import Workbench, open_workbench
from tests.clinic import add_campaign, add_clinic, add_patients

_RUNS = 7
_SENT = datetime(2026, 6, 1, 18, tzinfo=UTC)


def main() -> None:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--patients", type=int, default=2_000)
    count = cli.parse_args().patients
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        settings = Settings(home=home, database_url=f"sqlite:///{home / 'careloop.db'}")
        wb = open_workbench(settings)
        accounts.add_user(wb.engine, User("ana", "Ana Lyst"), at=wb.now(), by="command-line")
        wb = wb.as_user("ana")
        _fill(wb, count)
        campaign = campaigns.campaign(wb, "c1")
        flagged = report_parts._flagged(wb, campaign)
        _tell("report", count, lambda: reports.report(wb, "c1"))
        _tell("parts", count, lambda: report_parts.parts(wb, campaign))
        _tell("effect", count, lambda: effects.effect_among(wb, campaign, flagged, is_rough=False))
        _tell("peer: rows counted in Python", count, lambda: _counted(wb))
        _page(home, wb, count)
        wb.engine.dispose()


def _page(home: Path, wb: Workbench, count: int) -> None:
    os.environ |= {"CARELOOP_HOME": str(home), "TEST_USER": "ana"}
    from tests.pages import opened  # reads the environment

    app = opened("report", id="c1")
    assert not app.exception, app.exception
    _tell("page, rerun", count, lambda: app.run())


def _tell(what: str, count: int, action: Callable[[], object]) -> None:
    action()
    seconds = []
    for _ in range(_RUNS):
        begun = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"what": what, "patients": count, "seconds": round(statistics.median(seconds), 3)}), flush=True)


def _counted(wb: Workbench) -> Counter[tuple[str, bool]]:
    question = select(recipients.c.arm, outcomes.c.closed_90).join(
        outcomes, outcomes.c.recipient_id == recipients.c.recipient_id
    )
    with reading(wb.engine) as connection:
        return Counter((row.arm, row.closed_90 > 0) for row in connection.execute(question))


def _fill(wb: Workbench, count: int) -> None:
    """A hold-out campaign of which every fifth who was contacted and every eighth who was not closed a gap."""
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, count), status="completed", design="hold_out", holdout_share=50)
    day = _SENT.date()
    with writing(wb.engine) as connection:
        connection.execute(update(campaign_table).values(allocated_at=_SENT))
        numbers = list(connection.scalars(select(recipients.c.recipient_id)))
        held_out = recipients.c.recipient_id % 2 == 1
        connection.execute(update(recipients).values(state="delivered", handed_over_at=_SENT, finished_at=_SENT))
        connection.execute(update(recipients).where(held_out).values(arm="hold_out", state="hold_out"))
        known = {"allocated_on": day, "known_through": day + timedelta(days=120), "lag_days": 0}
        connection.execute(insert(follow_ups).values(campaign_id="c1", generation="g", evaluated_at=_SENT, **known))
        connection.execute(insert(outcomes), [_outcome(number) for number in numbers])


def _outcome(number: int) -> dict[str, object]:
    days = number % 90 + 1 if number % (8 if number % 2 else 5) == 0 else None
    day = _SENT.date()
    return {
        "recipient_id": number,
        "campaign_id": "c1",
        "gap_count": 1,
        **{name: int(days is not None and days <= int(name[7:])) for name in CLOSED_COLUMNS},
        "closed_on": None if days is None else day + timedelta(days=days),
        "booked_on": None,
        "kept_on": None,
        "followed_through": day + timedelta(days=120),
    }


if __name__ == "__main__":
    main()
