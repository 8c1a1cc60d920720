"""The limit of what a user may see, as a condition on patients: every question about patients adds it."""

from sqlalchemy import ColumnElement, and_, true

from core.domain.user import Scope
from core.store.schema import patients


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """Patients whose group and PCP the user may see. Without a limit, patients that have neither are seen as well."""
    limits = []
    if scope.groups is not None:
        limits.append(patients.c.group_id.in_(scope.groups))
    if scope.providers is not None:
        limits.append(patients.c.pcp_id.in_(scope.providers))
    return and_(true(), *limits)


def is_limited(scope: Scope) -> bool:
    """Whether there is any patient this user may not see."""
    return scope.groups is not None or scope.providers is not None
