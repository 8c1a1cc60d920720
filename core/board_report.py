"""Reports for a meeting as PDFs, of one campaign and of all in a period: figures only, no patient is named (R4).

What they say is put together in core.board_sections and core.board_overview.
"""

from datetime import date

from core import board_overview, board_sections, exports, logos, reports, roll_ups
from core.audit import record
from core.domain.manifest import Manifest
from core.domain.report_document import ReportDocument
from core.domain.wording import day_text, moment_text
from core.errors import NotAllowed
from core.workbench import Workbench


def campaign_pdf(wb: Workbench, campaign_id: str) -> bytes:
    """The report of a campaign as it is at this moment; recorded. Raises NotFound."""
    shown = reports.report(wb, campaign_id, is_passed_on=True)
    said = exports.about(wb, shown.campaign.name)
    record(wb, "report.printed", campaign_id)
    document = ReportDocument(
        title=shown.campaign.name,
        subtitle=f"Campaign report · {board_sections.mode_name(shown.campaign.channel)} · {shown.schedule}",
        facts=_facts(said),
        sections=board_sections.of_campaign(wb, shown),
        footer=_footer(said),
    )
    return _made(wb, document)


def overview_pdf(wb: Workbench, first_on: date, last_on: date) -> bytes:
    """What was contacted from one day to another, as far as the user may see them; recorded. Raises NotAllowed
    when the period ends before it begins."""
    if last_on < first_on:
        raise NotAllowed("The period ends before it begins. Choose a later last day.")
    record(wb, "overview.printed", first_on=first_on.isoformat(), last_on=last_on.isoformat())
    roll_ups.catch_up_for_paper(wb)
    return overview_for(wb, first_on, last_on)


def overview_for(wb: Workbench, first_on: date, last_on: date) -> bytes:
    """The same for a scheduled email, whose own line in the audit log says who got it. For core.report_mail, which adds
    up once before all recipients."""
    said = exports.about(wb, "Overview of campaigns")
    document = ReportDocument(
        title="Overview of campaigns",
        subtitle=f"{day_text(first_on)} to {day_text(last_on)}",
        facts=_facts(said),
        sections=board_overview.of_overview(wb, first_on, last_on),
        footer=_footer(said),
    )
    return _made(wb, document)


def _made(wb: Workbench, document: ReportDocument) -> bytes:
    from core.channels.paper import Letterhead
    from core.channels.report_pdf import report_pdf

    logo = logos.organisation_logo(wb)
    letterhead = Letterhead(wb.organisation().name, logo=(logo.content, logo.kind) if logo else None)
    return report_pdf(document, letterhead=letterhead, made_at=wb.now())


def _facts(said: Manifest) -> tuple[tuple[str, str], ...]:
    feed = day_text(said.data_of) if said.data_of else "none yet"
    made = f"{said.made_by}, {moment_text(said.made_at)}"
    return (("As of", day_text(said.as_of)), ("Last feed", feed), ("Made for", made))


def _footer(said: Manifest) -> str:
    count = len(said.rule_versions)
    return (
        f"Figures only; no patient is named. Rules {said.rules} ({count} measure{'s' * (count != 1)} in force), "
        f"Careloop {said.careloop}."
    )
