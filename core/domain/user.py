"""Who acts, and whose patients they may see."""

from dataclasses import dataclass

from core.domain.role import ADMINISTRATOR, permits


@dataclass(frozen=True)
class Scope:
    """Groups and providers a user may see. None means all of them; an empty set means none.

    A patient is inside when the patient's group is in `groups` and the PCP is in `providers`. A patient without a
    group or PCP is seen only by a user whose groups or providers are not limited.
    """

    groups: frozenset[str] | None = None
    providers: frozenset[str] | None = None

    def includes(self, *, group_id: str | None, provider_id: str | None) -> bool:
        return (self.groups is None or group_id in self.groups) and (
            self.providers is None or provider_id in self.providers
        )


@dataclass(frozen=True)
class User:
    """A person, or a named system user such as the command line or the dispatcher."""

    user_id: str
    name: str
    kind: str = "person"  # person | system
    email: str | None = None
    scope: Scope = Scope()
    roles: frozenset[str] = frozenset({ADMINISTRATOR})  # keys of core.domain.role.ROLES

    def may(self, permission: str) -> bool:
        """Whether one of the roles permits it (core.domain.role.PERMISSIONS)."""
        return permits(self.roles, permission)
