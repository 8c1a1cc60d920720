"""The organisation's settings: read, changed, and put back. Every change of every one of them is kept."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from core import approval_mail
from core.audit import record_in
from core.domain.approval import NONE
from core.domain.one_line import one_line
from core.domain.role import CHANGE_ORGANISATION
from core.domain.setting_checks import cleaned
from core.domain.setting_checks import problems as _problems
from core.domain.setting_table import SETTINGS, of_section
from core.errors import NotAllowed, NotFound, SettingsError
from core.setting_effects import in_use
from core.store import accounts, logos, setting_rows
from core.store.database import reading, writing
from core.store.setting_rows import Change as Change
from core.workbench import Workbench, needs

_LONGEST_NOTE = 500
_TARGETS = "target:"


@needs(CHANGE_ORGANISATION)
def current(wb: Workbench) -> dict[str, Any]:
    """Every setting as it counts now, by the keys of core.domain.setting_table.SETTINGS."""
    with reading(wb.engine) as connection:
        return setting_rows.values(connection)


@needs(CHANGE_ORGANISATION)
def problems(wb: Workbench, values: Mapping[str, Any]) -> dict[str, str]:
    """Why `change` would refuse these values, by key; empty when it would not. Each sentence says what is possible.
    Raises NotFound for a key that is none."""
    for key in values:
        _require_known(key)
    with reading(wb.engine) as connection:
        return _refused(connection, values)


@needs(CHANGE_ORGANISATION)
def change(
    wb: Workbench, values: Mapping[str, Any], *, note: str = "", expected: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Set all of these or none of them; returns the keys whose values are others now.

    note      why, for whoever reads the history; nothing about patients
    expected  the values as the user saw them: when somebody else has changed one meanwhile, nothing is
    Turning approval off is told those who may approve, by email.
    Raises SettingsError, with what is possible and the `key` that is wrong, for a value that cannot be, for settings
    that contradict themselves, and for a mode that is in use; NotAllowed for what is set elsewhere, for a change on old
    values, and without the permission; NotFound for a key that is none.
    """
    for key in values:
        _require_here(key)
    reason = one_line(note)
    if len(reason) > _LONGEST_NOTE:
        raise NotAllowed(f"The note has {len(reason):,} characters; at most {_LONGEST_NOTE} are possible.")
    with writing(wb.engine) as connection:
        setting_rows.lock(connection)
        _raise_if_others_changed(wb, connection, expected or {})
        refused = _refused(connection, values)
        if refused:
            raise _error(refused)
        clean = {key: cleaned(SETTINGS[key], value) for key, value in values.items()}
        changed = change_in(wb, connection, clean, note=reason)
        if "approval" in changed and clean["approval"] == NONE:
            approval_mail.queue_turned_off(wb, connection)
    return changed


def change_in(
    wb: Workbench,
    connection: Connection,
    values: Mapping[str, Any],
    *,
    note: str = "",
    action: str = "",
    subject: str = "",
) -> tuple[str, ...]:
    """Set and keep them in the caller's transaction, with a line of the audit log: that of `action` for what is set by
    functions of its own (logos, return addresses ...), which check it and ask for the permission. Returns the keys
    whose values are others now."""
    changed = setting_rows.write(connection, values, at=wb.now(), by=wb.user.user_id, note=note)
    if action:
        record_in(wb, connection, action, subject)
    elif changed:
        record_in(wb, connection, "settings.changed", keys=sorted(changed))
    return changed


@needs(CHANGE_ORGANISATION)
def history(wb: Workbench, key: str | None = None, *, section: str | None = None, limit: int = 50) -> list[Change]:
    """The last changes of one setting, of a section's or of all, the newest first; targets of measures among all."""
    keys = [key] if key else [row.key for row in of_section(section)] if section else None
    with reading(wb.engine) as connection:
        return setting_rows.changes(connection, keys, limit=limit)


@needs(CHANGE_ORGANISATION)
def put_back(wb: Workbench, change_id: int, *, expected: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Set a setting to what it was before a change; a change like any other. Returns its key, nothing when it is that
    already. Raises NotFound, and what `change` raises: what was possible once may be no more."""
    with reading(wb.engine) as connection:
        found = setting_rows.change(connection, change_id)
    if found is None:
        raise NotFound("There is no such change in the history.")
    return change(wb, {found.key: found.was}, note="Put back", expected=expected)


def _require_here(key: str) -> None:
    """Whether this setting is set by `change`."""
    if key.startswith(_TARGETS):
        raise NotAllowed("The target of a measure is set on the page Care gaps.")
    _require_known(key)
    if SETTINGS[key].elsewhere:
        page = SETTINGS[key].elsewhere.capitalize()
        raise NotAllowed(f"'{SETTINGS[key].label}' is set on the page {page}, which shows what that would change.")


def _require_known(key: str) -> None:
    if key not in SETTINGS:
        raise NotFound(f"There is no setting '{key}'. The page Settings and docs/settings.md name those there are.")


def _raise_if_others_changed(wb: Workbench, connection: Connection, expected: Mapping[str, Any]) -> None:
    kept = setting_rows.values(connection)
    for key, value in expected.items():
        if kept[key] != value:
            last = setting_rows.changes(connection, [key], limit=1)
            who = accounts.user_name(wb.engine, last[0].by) if last else "Somebody"
            raise NotAllowed(
                f"{who} has changed '{SETTINGS[key].label}' meanwhile. Nothing was saved: look at the settings as they "
                "are now, and make your changes again."
            )


def _refused(connection: Connection, values: Mapping[str, Any]) -> dict[str, str]:
    kept = setting_rows.values(connection)
    found = _problems(kept | dict(values), values)
    if "modes" in values and "modes" not in found:
        used = in_use(connection, set(kept["modes"]) - set(values["modes"]))
        if used:
            found["modes"] = used
    logo = values.get("logo")
    if logo and "logo" not in found and logos.one(connection, logo) is None:
        found["logo"] = "There is no such logo any more. Choose another one."
    return found


def _error(refused: Mapping[str, str]) -> SettingsError:
    """All that is wrong, in the order of the page."""
    keys = [key for key in SETTINGS if key in refused]
    said = " ".join(f"{SETTINGS[key].label}: {refused[key]}" for key in keys)
    return SettingsError(f"Nothing was saved. {said}", key=keys[0])
