"""How people stand: what each may and how each gets in, compared before and after a restore."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from core.domain.role import names


@dataclass(frozen=True)
class Standing:
    """One user as far as it decides about access.

    roles            keys of core.domain.role.ROLES, sorted
    groups           ids that limit whose patients are seen, sorted; None without a limit; providers in the same way
    password, links  digests of the password and of the identities elsewhere; '' for none
    """

    name: str
    kind: str
    is_active: bool
    email: str
    roles: tuple[str, ...]
    groups: tuple[str, ...] | None
    providers: tuple[str, ...] | None
    password: str
    links: str

    def as_json(self) -> dict[str, Any]:
        """What is kept."""
        return asdict(self)

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Self:
        """A standing as it was kept."""
        lists: dict[str, Any] = {"roles": tuple(kept["roles"])}
        lists |= {key: None if kept[key] is None else tuple(kept[key]) for key in ("groups", "providers")}
        return cls(**{**kept, **lists})


@dataclass(frozen=True)
class Difference:
    """Somebody who stands otherwise than before; `what`: in which, each continues the name."""

    user_id: str
    name: str
    what: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} ({self.user_id}): {'; '.join(self.what)}."


def differences(before: Mapping[str, Standing], restored: Mapping[str, Standing]) -> list[Difference]:
    """Everybody whom a restore brought back otherwise than they were before it, or did not bring back, by id."""
    found = []
    for user_id in sorted(before.keys() | restored.keys()):
        was, now = before.get(user_id), restored.get(user_id)
        what = _what(was, now)
        if what:
            known = was or now
            assert known is not None
            found.append(Difference(user_id, known.name, what))
    return found


def _what(was: Standing | None, now: Standing | None) -> tuple[str, ...]:
    if was is not None and now is not None:
        return tuple(words for differs, words in _compared(was, now) if differs)
    if now is not None:
        return (f"was not here before the restore; is {_roles(now)}{'' if now.is_active else ', switched off'}",)
    if was is not None and was.is_active:
        return ("is not in the backup and so not here any more",)
    return ()


def _compared(was: Standing, now: Standing) -> tuple[tuple[bool, str], ...]:
    return (
        (now.is_active and not was.is_active, "was switched off before and is on in the backup, stays off"),
        (was.is_active and not now.is_active, "is switched off in the backup and was not before"),
        (now.roles != was.roles, f"is {_roles(now)} in the backup and was {_roles(was)}"),
        (
            (now.groups, now.providers) != (was.groups, was.providers),
            "sees patients of other groups or PCPs than before",
        ),
        (now.password != was.password, f"has {'another' if now.password else 'no'} password, unlike before"),
        (now.links != was.links, "is linked with other accounts elsewhere than before"),
        (now.email != was.email, "has another email address than before"),
        (now.name != was.name, f"is called {now.name} in the backup"),
        (now.kind != was.kind, f"is a {now.kind} and was a {was.kind}"),
    )


def _roles(standing: Standing) -> str:
    return names(standing.roles) or "without a role"
