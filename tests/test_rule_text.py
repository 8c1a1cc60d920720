"""Changing one key of a rule's YAML: the rest stays as its author wrote it."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core.domain.rule_text import MOST_CHARACTERS, check_text, difference, with_key
from core.errors import RuleError
from core.measures import texts

TEXT = "# what it is\nid: a  # never changes\nversion: 1\nname: 'x: y'\n\ncases: []\n"


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        (TEXT, "version", 7, TEXT.replace("version: 1", "version: 7")),
        (TEXT, "name", 'A "b": c', TEXT.replace("'x: y'", '"A \\"b\\": c"')),
        (TEXT, "id", "other", TEXT.replace("id: a ", 'id: "other" ')),
        (TEXT, "default", "off", TEXT.replace("id: a", 'default: "off"\nid: a')),
        ("{id: a, name: b}", "version", 2, "{version: 2, id: a, name: b}"),
        ("  id: a\n  name: b\n", "version", 2, "  version: 2\n  id: a\n  name: b\n"),
    ],
)
def test_a_key_is_changed_and_nothing_else(text: str, key: str, value: str | int, expected: str) -> None:
    assert with_key(text, key, value) == expected


@given(st.sampled_from(sorted(texts())), st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_whatever_a_name_is_it_reads_back_and_everything_else_is_the_same(measure_id: str, name: str) -> None:
    text = texts()[measure_id].partition("\ncases:")[0]

    changed = yaml.safe_load(with_key(text, "name", name))

    assert changed == yaml.safe_load(text) | {"name": name}


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("a" * (MOST_CHARACTERS + 1), 1, "longer than"),
        ("id: &x a\nname: *x\n", 2, "no references"),
        ("id: a\nwhen: " + "[" * 60 + "]" * 60, 2, "nested too deeply"),
    ],
)
def test_a_text_that_would_be_endless_work_is_refused(text: str, line: int, why: str) -> None:
    with pytest.raises(RuleError, match=why) as refused:
        check_text(text, "mine.yaml")
    assert refused.value.line == line


def test_a_difference_is_empty_when_nothing_changed() -> None:
    assert difference(TEXT, TEXT, names=("1", "2")) == ""
    assert "+version: 2" in difference(TEXT, with_key(TEXT, "version", 2), names=("1", "2")).splitlines()
