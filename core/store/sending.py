"""What holds sending back, in SQL: pauses that people made, and the state of the accounts messages leave through."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Dialect, Engine, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.compiler import SQLCompiler

from core.domain.sending_account import Account
from core.store.restore_rows import HOLDS
from core.store.schema import campaigns, home_modes, sending_accounts, sending_pauses


@dataclass(frozen=True)
class Pause:
    """Nothing leaves, in any campaign, since a person said so."""

    pause_id: int
    reason: str
    at: datetime
    by: str


def pause(connection: Connection) -> Pause | None:
    """The pause that holds now."""
    row = connection.execute(_PAUSE).one_or_none()
    return None if row is None else Pause(*row)


def add_pause(connection: Connection, *, reason: str, at: datetime, by: str) -> None:
    """Nothing leaves from now on."""
    connection.execute(insert(sending_pauses).values(reason=reason, paused_at=at, paused_by=by))


def end_pauses(connection: Connection, *, at: datetime, by: str) -> int:
    """Messages may leave again; returns how many pauses held."""
    statement = update(sending_pauses).where(sending_pauses.c.ended_at.is_(None))
    return connection.execute(statement.values(ended_at=at, ended_by=by)).rowcount


def account(connection: Connection, name: str) -> Account:
    """The state of an account; a new one when it was never used."""
    row = connection.execute(_ACCOUNT, {"name": name}).one_or_none()
    return Account(name) if row is None else Account(**row._mapping)


def account_for_change(connection: Connection, name: str) -> Account:
    """The same, locked until the transaction ends; its row is made when there is none."""
    question = select(sending_accounts).where(sending_accounts.c.account == name).with_for_update()
    row = connection.execute(question).one_or_none()
    if row is None:
        with suppress(IntegrityError), connection.begin_nested():  # another worker may be as quick
            connection.execute(insert(sending_accounts).values(account=name))
        row = connection.execute(question).one()
    return Account(**row._mapping)


def keep_account(connection: Connection, changed: Account) -> None:
    """Write the state of an account that was read with `account_for_change`."""
    values = asdict(changed)
    statement = update(sending_accounts).where(sending_accounts.c.account == values.pop("account"))
    connection.execute(statement.values(values))


def take_probe(connection: Connection, name: str, *, at: datetime, next_at: datetime) -> bool:
    """Whether this worker is the one that tries a paused account again now."""
    statement = update(sending_accounts).where(
        sending_accounts.c.account == name, sending_accounts.c.paused_at.is_not(None), sending_accounts.c.probe_at <= at
    )
    return connection.execute(statement.values(probe_at=next_at)).rowcount == 1


class Control:
    """Whether one more message of a campaign may leave, asked before each of them. Made by `control`.

    The question is compiled once and goes straight to the driver: a tenth of the cost, for every message.
    """

    def __init__(self, connection: Connection, campaign_id: str, *, mode_change: int = 0) -> None:
        self._connection = connection
        self._asked = {"id": campaign_id, "mode_change": mode_change}
        compiled = _compiled_lets_go(connection.dialect)
        values = compiled.params | self._asked
        self._text = str(compiled)
        self._values = [values[name] for name in compiled.positiontup or ()] if compiled.positional else values
        self._cursor = connection.connection.cursor()
        self._driver_error = connection.dialect.loaded_dbapi.Error

    def lets_go(self) -> bool:
        """The campaign is active, nobody has paused sending, and the home's mode is what it was."""
        try:
            self._cursor.execute(self._text, self._values)
            return bool(self._cursor.fetchall())
        except self._driver_error:
            # Asked again in the usual way, which says what is wrong in the usual words.
            return self._connection.execute(_LETS_GO, self._asked).first() is not None


@contextmanager
def control(engine: Engine, campaign_id: str, *, mode_change: int = 0) -> Iterator[Control]:
    """A connection of its own that sees each change at once, because no transaction is open on it. `mode_change` is
    that of the mode (core.home_mode) by which messages go."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield Control(connection, campaign_id, mode_change=mode_change)


@lru_cache(maxsize=4)
def _compiled_lets_go(dialect: Dialect) -> SQLCompiler:
    return _LETS_GO.compile(dialect=dialect)


_PAUSE = (
    select(sending_pauses.c.pause_id, sending_pauses.c.reason, sending_pauses.c.paused_at, sending_pauses.c.paused_by)
    .where(sending_pauses.c.ended_at.is_(None))
    .order_by(sending_pauses.c.pause_id)
    .limit(1)
)
_ACCOUNT = select(sending_accounts).where(sending_accounts.c.account == bindparam("name"))
_LETS_GO = select(campaigns.c.campaign_id).where(
    campaigns.c.campaign_id == bindparam("id"),
    campaigns.c.status == "active",
    ~select(sending_pauses.c.pause_id).where(sending_pauses.c.ended_at.is_(None)).exists(),
    ~HOLDS,
    select(func.coalesce(func.max(home_modes.c.change_id), 0)).scalar_subquery() == bindparam("mode_change"),
)
