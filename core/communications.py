"""What became of a campaign's messages one by one, and what a person decides about those of which nobody knows (S4)."""

from collections.abc import Collection
from dataclasses import dataclass

from core import campaigns
from core.audit import record_in
from core.campaign_order import put_in_order
from core.domain.campaign import Campaign
from core.domain.communication import Communication
from core.domain.message import MAX_ATTEMPTS, NOT_ARRIVED
from core.domain.role import MAKE_CAMPAIGNS, READ_PATIENTS
from core.errors import NotAllowed, NotFound
from core.patient_communications import letters_of as letters_of
from core.patient_communications import of_patient as of_patient
from core.store import campaigns as campaign_rows
from core.store import communications as rows
from core.store.database import reading, writing
from core.store.merges import visible
from core.workbench import DISPATCHER, Workbench, needs

# What a person may decide about a message of which nobody knows whether it left.
DECISIONS = {
    "arrived": "Count as sent",
    "not_arrived": "Count as not arrived",
    "again": "Send again",
}
_STATES = {"arrived": ("handed_over", ""), "not_arrived": ("unsuccessful", NOT_ARRIVED), "again": ("waiting", "")}


@dataclass(frozen=True)
class Resolved:
    """How many messages a decision was kept for, and how many it came too late for or did not fit."""

    kept: int
    left: int


@needs(READ_PATIENTS)
def history(wb: Workbench, campaign_id: str, patient_id: str) -> Communication:
    """Every attempt and event of the campaign's message to a patient.

    Raises NotFound for a patient the user may not see, or who is not in the campaign. One that is deleted counts too.
    """
    with reading(wb.engine) as connection:
        is_visible = bool(visible(connection, [patient_id], wb.user.scope))
        found = rows.of_patients(connection, campaign_id, [patient_id]) if is_visible else []
    if not found:
        raise NotFound("This patient is not among those of the campaign that you may see.")
    return found[0]


@needs(READ_PATIENTS)
def campaign_of(wb: Workbench, campaign_id: str, patient_id: str) -> Campaign:
    """The campaign of a message to a patient in the patient's version, also when it is deleted: what was said stays
    known (C12). Raises NotFound like `history`."""
    arm = history(wb, campaign_id, patient_id).arm
    with reading(wb.engine) as connection:
        return campaign_rows.campaign(connection, campaign_id).version_for(arm)


@needs(READ_PATIENTS)
def unknown(wb: Workbench, campaign_id: str) -> list[str]:
    """The patients of whose message nobody knows whether it left, as far as the user may see them."""
    campaigns.campaign(wb, campaign_id)
    with reading(wb.engine) as connection:
        ids = rows.unknown_patients(connection, campaign_id)
        seen = visible(connection, ids, wb.user.scope)
    return [patient_id for patient_id in ids if patient_id in seen]


@needs(MAKE_CAMPAIGNS)
def resolve(wb: Workbench, campaign_id: str, patient_ids: Collection[str], *, decision: str) -> Resolved:
    """Keep what a person found out, or decided, about unknown messages; the audit says who.

    decision   a key of DECISIONS. 'again' may bring a patient a second message and needs an attempt that is left.
    Messages that are not unknown any more stay as they are. Raises NotAllowed for the dispatcher and for whoever may
    not change the campaign, NotFound for patients the user may not see.
    """
    campaign = campaigns.campaign(wb, campaign_id)
    if wb.user.user_id == DISPATCHER:
        raise NotAllowed("An unknown message is never decided by the dispatcher: a person must have looked.")
    if not campaigns.may_change(wb, campaign_id):
        raise NotAllowed("Ask somebody who may change this campaign to decide about its unknown messages.")
    if decision == "again" and campaign.status == "stopped":
        raise NotAllowed("The campaign is stopped for good: its messages can be counted, not sent again.")
    state, reason = _STATES[decision]
    at = wb.now()
    with writing(wb.engine) as connection:
        if len(visible(connection, patient_ids, wb.user.scope)) < len(set(patient_ids)):
            raise NotFound("Some of these patients are not among those you may see. Nothing was changed.")
        kept = 0
        for each in rows.of_patients(connection, campaign_id, patient_ids):
            if decision == "again" and (each.attempts[-1].number if each.attempts else 0) >= MAX_ATTEMPTS:
                continue
            ended = None if state == "waiting" else at
            is_kept = rows.change_state(connection, each.recipient_id, state, reason=reason, at=ended, was=("unknown",))
            if is_kept:
                details = {"by": wb.user.user_id, "decision": decision}
                rows.add_event(
                    connection,
                    each.recipient_id,
                    kind="resolved",
                    source_key=None,
                    at=at,
                    received_at=at,
                    details=details,
                )
            kept += is_kept
        put_in_order(connection, {campaign_id}, at=at)
        record_in(wb, connection, "messages.resolved", campaign_id, decision=decision, recipients=kept)
    return Resolved(kept, len(set(patient_ids)) - kept)
