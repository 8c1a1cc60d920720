"""A work list kept under a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain.work_list import WorkList
from core.errors import CareloopError

LONGEST_NAME = 120


@dataclass(frozen=True)
class SavedView:
    """A personal view is seen by its owner only; a shared one by everybody, each within their own scope."""

    view_id: str
    name: str
    owner: str
    is_shared: bool
    definition: dict[str, Any]  # WorkList.to_json()
    created_at: datetime
    changed_at: datetime

    @property
    def work_list(self) -> WorkList:
        """The work list itself. Raises CareloopError when another version of Careloop made it."""
        return WorkList.from_json(self.definition)


def checked_name(name: str) -> str:
    """The name without spaces around it. Raises CareloopError when it is empty or too long."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise CareloopError(f"A saved view needs a name of at most {LONGEST_NAME} characters.")
    return name
