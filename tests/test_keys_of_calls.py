"""What patients press while a call goes on counts for it, though its end is told afterwards."""

from sqlalchemy import delete, insert, select, text, update

from core import calls, campaigns, overview, receipts, report_parts, roll_ups
from core.domain.roll_up import Wanted
from core.store.database import migrate_to, reading, writing
from core.store.schema import attempts, campaign_changes, recipients
from core.workbench import Workbench
from tests.clinic import add_campaign, add_clinic, add_patients
from tests.conftest import Clock
from tests.postgres import bench_by_day as bench  # noqa: F401 (fixture)
from tests.postgres import postgres_folder  # noqa: F401 (fixture)

STOP, CONNECT = "9", "2"


def called(wb: Workbench, clock: Clock) -> None:
    """20 are called; 10 answer, of whom four press 9 and six press 2 twenty seconds before the end."""
    add_clinic(wb)
    add_campaign(wb, add_patients(wb, 20), campaign_id="p", name="p", channel="phone")
    with writing(wb.engine) as connection:
        ids = list(connection.scalars(select(recipients.c.recipient_id).order_by(recipients.c.recipient_id)))
        for n, each in enumerate(ids):
            values = {"state": "calling", "attempt_count": 1, "address": f"+1312555{1000 + n}", "language": "en"}
            connection.execute(update(recipients).where(recipients.c.recipient_id == each).values(values))
    for n, each in enumerate(ids[:10]):
        with writing(wb.engine) as connection:
            tried = {"recipient_id": each, "number": 1, "worker": "w", "started_at": wb.now(), "outcome": "accepted"}
            connection.execute(insert(attempts).values(tried))
        call = f"CA{n}"
        clock.forward(seconds=20)
        calls.answered(wb, f"{each}-1", provider_id=call, answered_by="human")
        calls.pressed(wb, f"{each}-1", provider_id=call, key=STOP if n < 4 else CONNECT)
        clock.forward(seconds=20)
        told = {"CallSid": call, "CallStatus": "completed", "CallDuration": "40"}
        status = receipts.status_of("phone", told, attempt=f"{each}-1")
        assert status is not None
        receipts.take_all(wb, [status])
    clock.forward(days=1)


def test_who_pressed_a_key_has_answered_and_who_pressed_9_has_said_stop(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    called(bench, clock)
    roll_ups.refresh(bench)

    totals = overview.overview(bench, Wanted()).totals
    funnel = report_parts.parts(bench, campaigns.campaign(bench, "p")).funnel

    counts = dict(funnel.select("key", "count").iter_rows())
    assert (counts["delivered"], counts["answered"], counts["stopped"]) == (10, 6, 4)
    assert (totals["answered"], totals["opt_outs"]) == (6, 4)


def test_whoever_pressed_9_comes_into_no_follow_up(wb: Workbench, clock: Clock) -> None:
    called(wb, clock)

    for step in ("answered", "closed"):
        missed = report_parts.patient_ids(wb, "p", report_parts.Slice("step", step))
        assert not {"p1", "p2", "p3", "p4"} & set(missed)


def test_calls_of_an_earlier_version_get_the_moment_when_they_began(
    bench: Workbench,  # noqa: F811
    clock: Clock,
) -> None:
    called(bench, clock)
    roll_ups.refresh(bench)
    with writing(bench.engine) as connection:
        began = set(connection.execute(select(attempts.c.recipient_id, attempts.c.started_at)))
        later = {"handed_over_at": recipients.c.finished_at}
        connection.execute(update(recipients).where(recipients.c.state == "delivered").values(later))
        connection.execute(delete(campaign_changes))
        connection.execute(text("ALTER TABLE roll_ups DROP COLUMN held_out"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0023'"))
    with bench.engine.begin() as connection:
        migrate_to(connection)

    with reading(bench.engine) as connection:
        left = select(recipients.c.recipient_id, recipients.c.handed_over_at).where(recipients.c.state == "delivered")
        assert set(connection.execute(left)) == began
        assert set(connection.scalars(select(campaign_changes.c.campaign_id))) == {"p"}
