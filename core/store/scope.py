"""The limit of what a user may see, as a condition on patients: every question about patients adds it."""

from sqlalchemy import ColumnElement, Connection, and_, select, true, union_all

from core.domain.user import Scope
from core.store.schema import groups, merges, patients, providers, recipients


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """Patients whose group and PCP the user may see. Without a limit, patients that have neither are seen as well."""
    limits = []
    if scope.groups is not None:
        limits.append(patients.c.group_id.in_(scope.groups))
    if scope.providers is not None:
        limits.append(patients.c.pcp_id.in_(scope.providers))
    return and_(true(), *limits)


def recipient_in_scope(scope: Scope) -> ColumnElement[bool]:
    """Recipients whose patient is in the scope; whom an id was merged into counts as the patient. The patients are
    asked for once, not for each recipient."""
    if not is_limited(scope):
        return true()
    own = select(patients.c.patient_id).where(in_scope(scope))
    merged = select(merges.c.merged_id).join(patients, patients.c.patient_id == merges.c.patient_id)
    return recipients.c.patient_id.in_(union_all(own, merged.where(in_scope(scope))))


def is_limited(scope: Scope) -> bool:
    """Whether there is any patient this user may not see."""
    return scope.groups is not None or scope.providers is not None


def practice_names(connection: Connection) -> tuple[dict[str, str], dict[str, str]]:
    """What people call the groups and the providers that somebody's patients can be limited to, by id."""
    rows = connection.execute(select(groups.c.group_id, groups.c.name).order_by(groups.c.name))
    pcps = select(providers.c.provider_id, providers.c.display_name).where(providers.c.is_pcp)
    people = connection.execute(pcps.order_by(providers.c.last, providers.c.provider_id))
    return {row.group_id: row.name for row in rows}, {row.provider_id: row.display_name for row in people}


def group_ids(connection: Connection) -> set[str]:
    """The ids of all groups."""
    return set(connection.scalars(select(groups.c.group_id)))


def provider_ids(connection: Connection) -> set[str]:
    """The ids of all providers, also of those who are nobody's PCP."""
    return set(connection.scalars(select(providers.c.provider_id)))
