"""No statement of SQL is put together from values: what is written as text holds names of our own and nothing else."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

# Where text goes to a database as it is: these take constants only, or a place of the table below.
_AS_IT_IS = {"text", "literal_column", "exec_driver_sql", "executescript", "DDL", "read_database"}
_SQL = re.compile(
    r"\s*(?:(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|COPY|PRAGMA|CREATE|DROP|ALTER|TRUNCATE|ATTACH|WHERE)\s|id [<>])"
)
# file and function: what is put in, and why no value can be
ANSWERED = {
    ("core/channels/twilio_sandbox_store.py", "add"): "tables and columns of the stand-in's own classes",
    ("core/channels/twilio_sandbox_store.py", "change"): "keyword names, which are the classes' fields",
    ("core/channels/twilio_sandbox_store.py", "find"): "tables, columns and conditions of this file",
    ("core/channels/twilio_sandbox_store.py", "count"): "tables and conditions of this file",
    ("core/channels/twilio_sandbox_store.py", "shift_texts"): "three column names",
    ("core/channels/twilio_sandbox_store.py", "before"): "a table of this file",
    ("core/channels/twilio_sandbox_store.py", "after"): "a table of this file",
    ("core/channels/twilio_sandbox_store.py", "_where"): "conditions of this file; values are parameters",
    ("core/store/database.py", "_prepare_sqlite"): "constants of this file",
    ("core/store/database.py", "_begin_sqlite"): "a whole number of milliseconds",
    ("core/store/database.py", "_connected"): "a whole number of milliseconds",
    ("core/store/bulk.py", "_insert_sqlite"): "a table of the schema and its columns",
    ("core/store/bulk.py", "_copy_postgresql"): "a table of the schema and its columns",
    ("core/store/patient_search.py", "_among"): "one of two constants, by the database; the ids are a parameter",
    ("core/store/patient_search.py", "_numbers"): "two columns, put into constants of the file when it is imported",
    ("core/store/restore_targets.py", "_put_aside"): "tables of the schema and a schema named by us, both quoted",
    ("core/store/migrations/versions/0010_patients_found.py", "_search_columns"): "two columns",
    ("core/store/migrations/versions/0012_people.py", "_chain"): "a constant sentence",
    ("core/store/migrations/versions/0021_roll_ups.py", "_on_sqlite"): "triggers and questions of this file",
    ("core/store/migrations/versions/0021_roll_ups.py", "_on_postgresql"): "triggers and questions of this file",
    ("core/store/migrations/versions/0021_roll_ups.py", "downgrade"): "names of triggers and tables of this file",
    ("core/store/migrations/versions/0023_roll_ups_follow.py", "upgrade"): "a question of this file",
    ("core/store/migrations/versions/0024_calls_and_held_out.py", "upgrade"): "a question of this file",
    ("core/store/migrations/versions/0023_roll_ups_follow.py", "_triggers"): "columns and conditions of this file",
    ("core/store/migrations/versions/0023_roll_ups_follow.py", "_on_sqlite"): "triggers and questions of this file",
    ("core/store/migrations/versions/0023_roll_ups_follow.py", "_on_postgresql"): "triggers and questions of this file",
    (
        "core/store/migrations/versions/0023_roll_ups_follow.py",
        "downgrade",
    ): "names of triggers and tables of this file",
}


def _is_made(node: ast.expr) -> bool:
    """Whether a text is put together, in whatever way."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(isinstance(each, ast.Constant | ast.JoinedStr | ast.BinOp) for each in (node.left, node.right))
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join")


def _begins(node: ast.expr) -> str:
    """The constant a text begins with."""
    if isinstance(node, ast.JoinedStr):
        return _begins(node.values[0])
    if isinstance(node, ast.BinOp):
        return _begins(node.left)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _begins(node.func.value)
    return str(node.value) if isinstance(node, ast.Constant) else ""


def made_statements(source: str) -> Iterator[tuple[str, int]]:
    """The function and line of each text that is put together and is SQL, or goes to a database as it is."""
    for function in ast.walk(ast.parse(source)):
        name = function.name if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        for node in _of(function) if name or isinstance(function, ast.Module) else ():
            if isinstance(node, ast.expr) and _is_made(node) and _SQL.match(_begins(node)):
                yield name, node.lineno
            if isinstance(node, ast.Call) and _called(node) in _AS_IT_IS and node.args and _is_made(node.args[0]):
                yield name, node.lineno


def _of(function: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function and not in one within it."""
    for child in ast.iter_child_nodes(function):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _of(child)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def test_no_statement_is_put_together_but_of_names_that_are_answered_for() -> None:
    found = {
        (str(path.relative_to(ROOT)), function)
        for path in sorted((ROOT / "core").rglob("*.py"))
        for function, _line in made_statements(path.read_text("utf-8"))
        if "feeds" not in path.parts  # whose `text` reads a value of FHIR
    }

    assert found - ANSWERED.keys() == set()
    assert ANSWERED.keys() - found == set()  # no answer without a question


@pytest.mark.parametrize(
    "line",
    [
        'db.execute(f"SELECT * FROM x WHERE name = {name}")',
        'db.execute("DELETE FROM x WHERE name = %s" % name)',
        'db.execute("SELECT 1 FROM x WHERE n = " + name)',
        'q = "UPDATE x SET a = {}".format(a)',
        'connection.execute(text(f"x = {a}"))',
        'connection.exec_driver_sql("SELECT " + a)',
        'literal_column("a" + b)',
    ],
)
def test_this_test_finds_what_it_looks_for(line: str) -> None:
    assert list(made_statements(f"def f(a, name):\n    {line}\n"))


@pytest.mark.parametrize(
    "line", ['db.execute("SELECT * FROM x WHERE name = ?", (name,))', 'f"Select {a} patients"', 'x = f"{a} SELECT"']
)
def test_this_test_finds_nothing_where_nothing_is(line: str) -> None:
    assert not list(made_statements(f"def f(a, name):\n    {line}\n"))
