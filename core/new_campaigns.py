"""A new campaign: made from a template for the patients who were selected, or not made at all."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from core import rules, templates
from core.audit import record_in
from core.domain.campaign import DEFAULT_LANGUAGE, Campaign, Message
from core.domain.campaign_start import free_name, measures_for
from core.domain.work_list import WorkList
from core.errors import NotAllowed, NotFound, TooMany
from core.store import campaigns as rows
from core.store.database import writing
from core.store.people import visible_ids
from core.workbench import Workbench


def create(
    wb: Workbench,
    *,
    template_id: str,
    patient_ids: Sequence[str],
    work_list: WorkList | None = None,
    name: str | None = None,
) -> str:
    """Make an inactive campaign from a template with exactly these patients; returns its id.

    Name, purpose, measures, protocols and texts come prefilled; it starts tomorrow. Raises TooMany above the
    organisation's limit and NotFound when a patient may not be seen: nothing is created then.
    """
    ids = list(dict.fromkeys(patient_ids))
    _check_size(wb, ids)
    template = templates.template(template_id)
    with writing(wb.engine) as connection:
        missing = len(ids) - len(visible_ids(connection, ids, wb.user.scope))
        if missing:
            raise NotFound(f"{missing:,} of the selected patients are not in the records any more. Run the list again.")
        proposed = name or template.proposed_name(wb.today())
        chosen = free_name(proposed, rows.names(connection, starting_with=proposed))
        campaign = _new(wb, template, name=chosen, work_list=work_list, selected=len(ids))
        rows.add(connection, campaign, patient_ids=ids)
        record_in(wb, connection, "campaign.created", campaign.campaign_id, template=template_id, recipients=len(ids))
    return campaign.campaign_id


def _new(
    wb: Workbench, template: templates.Template, *, name: str, work_list: WorkList | None, selected: int
) -> Campaign:
    organisation, at, by = wb.organisation(), wb.now(), wb.user.user_id
    names = {measure_id: measure.name for measure_id, measure in rules.in_force(wb).measures.items()}
    return Campaign(
        campaign_id=secrets.token_hex(8),
        name=name,
        description="",
        channel=template.channel,
        purpose=template.purpose,
        template_id=template.template_id,
        status="inactive",
        start_on=wb.today() + timedelta(days=1),
        messages={DEFAULT_LANGUAGE: Message(template.subject, template.body)},
        from_email=organisation.from_email,
        from_name=organisation.from_name,
        fields={"call_back_number": organisation.call_back_number, "sign_off": organisation.sign_off},
        measures=measures_for(template.measures, work_list, names=names),
        protocols=template.protocols,
        work_list={"definition": work_list.to_json() if work_list else None, "selected": selected},
        created_at=at,
        created_by=by,
        changed_at=at,
        changed_by=by,
    )


def _check_size(wb: Workbench, ids: list[str]) -> None:
    limit = wb.organisation().campaign_limit
    if not ids:
        raise NotAllowed("No patients are selected. Select at least one in the work list.")
    if len(ids) > limit:
        raise TooMany(
            f"{len(ids):,} patients are selected and a campaign has at most {limit:,}: {len(ids) - limit:,} too many. "
            "Narrow the list with another filter, or select fewer patients. Nothing was created.",
            count=len(ids),
            limit=limit,
        )
