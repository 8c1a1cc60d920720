"""Filling in merge fields: what works, what is refused with its place, and what an attacker would try."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.domain.merge_field import EXAMPLES, FIELDS, FieldValue
from core.domain.rendering import _HTML, LONGEST_OUTPUT, LONGEST_SOURCE, MissingField, check, compiled, render
from core.errors import TemplateError

VALUES: dict[str, FieldValue] = {
    "patient.first_name": "Ada",
    "practice.name": "Example Health",
    "gaps": ("mammogram", "flu vaccine", "A1c test"),
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Dear {{ patient.first_name }},", "Dear Ada,"),
        ("{{ provider.name | default('your doctor') }}", "your doctor"),
        ("{{ provider.name | upper | default('your doctor') }}", "your doctor"),
        ("{{ patient.first_name | upper }} {{ patient.first_name | lower }}", "ADA ada"),
        ("{{ gaps | listed }}", "mammogram, flu vaccine and A1c test"),
        ("{{ gaps | listed('or') | capitalize }}", "Mammogram, flu vaccine or A1c test"),
        ("{{ gaps | length }}", "3"),
        ("{% for gap in gaps %}- {{ gap }}\n{% endfor %}", "- mammogram\n- flu vaccine\n- A1c test\n"),
        ("{% if appointment.date %}See you{% else %}Call us{% endif %}", "Call us"),
        ("{% if not appointment.date and gaps %}Call us{% endif %}", "Call us"),
        ("{% if 'mammogram' in gaps %}yes{% endif %}", "yes"),
        ("{% if patient.first_name in ['Ada', 'Bob'] %}yes{% endif %}", "yes"),
        ("{% if gaps | length > 2 %}several{% elif gaps %}one{% endif %}", "several"),
        ("{{ 'you' if gaps else 'we' }}", "you"),
        ("{% if 'Ad' in patient.first_name %}yes{% endif %}", "yes"),
        ("{% if patient.first_name in gaps %}yes{% else %}no{% endif %}", "no"),
        ("{% if patient.first_name >= 'A' and gaps | length == 3 %}yes{% endif %}", "yes"),
        ("100% {plain} text", "100% {plain} text"),
    ],
)
def test_what_a_message_may_contain(source: str, text: str) -> None:
    assert render(source, VALUES, html=False) == text


def test_check_lists_the_fields_in_order_and_once() -> None:
    source = "{{ practice.name }} {% if gaps %}{{ patient.first_name }}{% endif %} {{ practice.name }}"

    assert check(source) == ["practice.name", "gaps", "patient.first_name"]


def test_values_are_escaped_in_html_and_left_alone_in_text() -> None:
    values = {"patient.first_name": '<b onclick="x">&\''}

    assert "<" not in render("{{ patient.first_name }}", values, html=True)
    assert render("{{ patient.first_name }}", values, html=False) == '<b onclick="x">&\''


def test_list_items_are_escaped_too() -> None:
    values: dict[str, FieldValue] = {"gaps": ("<i>", "&")}

    assert render("{{ gaps | listed }}", values, html=True) == "&lt;i&gt; and &amp;"
    assert render("{% for gap in gaps %}{{ gap }}{% endfor %}", values, html=True) == "&lt;i&gt;&amp;"


def test_a_value_that_looks_like_a_template_is_only_text() -> None:
    values = {"patient.first_name": "{{ patient.last_name }}{% if"}

    assert render("{{ patient.first_name }}", values, html=False) == "{{ patient.last_name }}{% if"


@pytest.mark.parametrize("value", [None, "", ()])
@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("{{ appointment.date }}", "appointment.date"),
        ("{{ appointment.date | upper }}", "appointment.date"),
        ("{% if appointment.date == 'x' %}{% endif %}", "appointment.date"),
        ("{{ gaps | listed }}", "gaps"),
        ("{% for gap in gaps %}{{ gap }}{% endfor %}", "gaps"),
        ("{% if 'x' in gaps %}{% endif %}", "gaps"),
        ("{% if gaps | length > 1 %}{% endif %}", "gaps"),
        ("{{ sign_off }}", "sign_off"),
    ],
)
def test_a_field_that_is_not_on_file_is_never_a_blank(source: str, field: str, value: Any) -> None:
    with pytest.raises(MissingField) as error:
        render(source, {field: value}, html=True)

    assert error.value.field == field


def test_an_unknown_field_is_named_with_its_line_the_likely_name_and_all_fields() -> None:
    with pytest.raises(TemplateError) as error:
        check("Dear patient,\n\n{{ patient.frist_name }}")

    assert error.value.line == 3
    assert "'patient.frist_name'" in str(error.value)
    assert "Did you mean 'patient.first_name'?" in str(error.value)
    assert all(name in str(error.value) for name in FIELDS)


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'x' * 10**9 }}",
        "{{ 1 + 1 }}",
        "{{ -1 }}",
        "{{ 'a' ~ 'b' }}",
        "{{ 2**999999999 }}",
        "{{ patient.__class__ }}",
        "{{ patient.first_name.__class__.__mro__ }}",
        "{{ patient['first_name'] }}",
        "{{ gaps[0] }}",
        "{{ gaps.0 }}",
        "{{ ''.__class__ }}",
        "{{ 'a{0.__class__}'.format(1) }}",
        "{{ '%s' % patient.first_name }}",
        "{{ patient.first_name.upper() }}",
        "{{ patient.first_name | attr('x') }}",
        "{{ patient.first_name | safe }}",
        "{{ patient.first_name | format(1) }}",
        "{{ patient.first_name | default }}",
        "{{ patient.first_name | default(patient.last_name) }}",
        "{{ patient.first_name | default(value='x') }}",
        "{{ patient.first_name | default(*gaps) }}",
        "{{ patient.first_name | listed }}",
        "{{ patient.first_name | length }}",
        "{{ gaps }}",
        "{{ gaps | upper }}",
        "{{ gaps | default('x') }}",
        "{{ gaps == 'x' }}",
        "{{ patient }}",
        "{{ self }}",
        "{{ loop }}",
        "{{ range(9) }}",
        "{{ cycler }}",
        "{{ lipsum() }}",
        "{{ [1] }}",
        "{{ {'a': 1} }}",
        "{{ 'a' if gaps }}",
        "{{ gaps is defined }}",
        "{{ patient.first_name | default('') }}",
        "{{ patient.first_name | default(' ') }}",
        "{% if gaps > 3 %}x{% endif %}",
        "{% if patient.first_name < 3 %}x{% endif %}",
        "{% if (gaps and 1) > 'x' %}x{% endif %}",
        "{% if 'x' in 5 %}x{% endif %}",
        "{% if 5 in patient.first_name %}x{% endif %}",
        "{% if gaps in patient.first_name %}x{% endif %}",
        "{% if gaps in gaps %}x{% endif %}",
        "{% if patient.last_name in 'Example' %}x{% endif %}",
        "{% if patient.first_name == 3 %}x{% endif %}",
        "{% if patient.first_name in [3] %}x{% endif %}",
        "{% for x in range(10**9) %}{% endfor %}",
        "{% for x in 'abc' %}{% endfor %}",
        "{% for x in gaps recursive %}{% endfor %}",
        "{% for x in gaps if x %}{% endfor %}",
        "{% for x, y in gaps %}{% endfor %}",
        "{% for gaps in gaps %}{% endfor %}",
        "{% for patient in gaps %}{% endfor %}",
        "{% for x in gaps %}{% for y in gaps %}{% endfor %}{% endfor %}",
        "{% for x in gaps %}{{ loop.index }}{% endfor %}",
        "{% for x in gaps %}{% endfor %}{{ x }}",
        "{% set x = 1 %}",
        "{% macro x() %}{% endmacro %}",
        "{% include 'x' %}",
        "{% extends 'x' %}",
        "{% import 'x' as y %}",
        "{% block x %}{% endblock %}",
        "{% filter upper %}x{% endfilter %}",
        "{% call x() %}{% endcall %}",
        "{% with x = 1 %}{% endwith %}",
        "{% autoescape false %}{% endautoescape %}",
        "{% if %}",
        "{% if gaps %}",
        "{% endif %}",
        "{{ patient.first_name",
        "{{ }}",
        "{{",
        "{{ '" + "x" * LONGEST_SOURCE + "' }}",
        "{{ " + "(" * 4000 + "1" + ")" * 4000 + " }}",
        "{{ " + "not " * 8000 + "1 }}",
        "{{ 1" + " and 1" * 8000 + " }}",
        "{{ patient.first_name" + ".a" * 20000 + " }}",
        "{{ patient.first_name" + "|lower" * 9000 + " }}",
        "{{ patient.first_name" + "|lower" * 900 + " }}" + "{{ gaps|listed }}" * 2000,
        "{{ " + "9" * 5000 + " }}",
        "{% if gaps %}" * 30 + "{% endif %}" * 30,
        "{% if gaps %}" + "{% elif gaps %}" * 3000 + "{% endif %}",
    ],
)
def test_everything_else_is_refused_at_once_with_a_sentence(source: str) -> None:
    started = time.process_time()

    with pytest.raises(TemplateError) as error:
        check(source)

    assert str(error.value).endswith(".")
    assert time.process_time() - started < 5


def test_the_output_is_capped_whatever_the_values_are() -> None:
    values: dict[str, FieldValue] = {"gaps": ("x" * 1000,) * 1000}

    with pytest.raises(TemplateError, match="grows beyond"):
        render("{% for gap in gaps %}{{ gap }}{% endfor %}", values, html=True)

    assert len(render("{{ patient.first_name }}", {"patient.first_name": "x" * LONGEST_OUTPUT}, html=True)) > 0


@pytest.mark.parametrize("source", ["{{ x.y }}", "{{ x.__class__ }}", "{{ x[0] }}", "{{ x() }}", "{{ x|attr('y') }}"])
def test_the_sandbox_behind_the_list_gives_nothing_away_either(source: str) -> None:
    with pytest.raises(Exception) as error:
        _HTML.from_string(source).render(x="text")

    assert type(error.value).__name__ in {"TemplateError", "TemplateAssertionError"}


@settings(deadline=None)  # a busy machine is not a failure
@given(st.text(alphabet="{}%#|.()'[] abcdgpx_0123456789*\n", max_size=60))
def test_any_text_is_rendered_or_refused_and_never_breaks(source: str) -> None:
    try:
        text = render(source, EXAMPLES, html=True)
    except TemplateError:
        return

    assert len(text) <= LONGEST_OUTPUT


@settings(deadline=None)  # a busy machine is not a failure
@given(st.text(max_size=200))
def test_any_value_comes_out_as_it_is(value: str) -> None:
    values = {"patient.first_name": value}

    assert render("{{ patient.first_name | default('-') }}", values, html=False) == (value or "-")


def test_every_field_has_an_example_and_every_example_can_be_rendered() -> None:
    for field in FIELDS.values():
        expression = f"{field.name} | listed" if field.is_list else field.name

        assert render("{{ " + expression + " }}", EXAMPLES, html=False)


@pytest.mark.parametrize(
    "source",
    [
        "https://x.example/{{ patient.first_name }}",
        "HTTPS://x.example?a={{ gaps | listed }}",
        "http://{{ practice.name }}.example",
        "https://x.example/{% if gaps %}1{% else %}2{% endif %}",
        "{% for x in gaps %}https://x.example/{{ x }} {% endfor %}",
        "www.x.example/{{ patient.first_name }}",
        "x.example/{{ patient.first_name }}",
        "bit.ly/a{{ patient.first_name }}",
        "mailto:a@x.example?subject={{ patient.first_name }}",
        "sms:+15550100100?body={{ patient.first_name }}",
        "https://x.example/\u200b{{ patient.first_name }}",
        "{{ 'https://x.example/' }}{{ patient.first_name }}",
        '{{ patient.first_name | default("https://x.example/") }}{{ patient.last_name }}',
        "{{ 'x.example/' if gaps else 'y' }}{{ patient.last_name }}",
    ],
)
def test_no_address_differs_from_reader_to_reader(source: str) -> None:
    with pytest.raises(TemplateError, match="same address for everybody"):
        check(source)


@pytest.mark.parametrize(
    "source",
    [
        "Call {{ call_back_number }} or see https://x.example/visits, {{ patient.first_name }}",
        'Dear {{ patient.first_name }}, <a href="https://x.example/a?b=c">our page</a> {{ gaps | listed("and/or") }}',
        '<a href="tel:{{ call_back_number }}">{{ call_back_number }}</a>',
        "At 9 a.m. {{ provider.name }}/{{ clinic.name }} and/or {{ sign_off }}",
        "{% if gaps %}See www.x.example {% endif %}{{ sign_off }}",
    ],
)
def test_an_address_beside_a_field_is_no_address_with_one(source: str) -> None:
    check(source)


# What has led out of a Jinja2 sandbox elsewhere, or out of one that was set up badly.
_PUBLISHED_ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''.__class__.__base__.__subclasses__()[104].__init__.__globals__['sys'] }}",
    "{{ config.__class__.__init__.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').popen('id').read() }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__.os }}",
    "{{ namespace.__init__.__globals__.os }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ request.application.__globals__.__builtins__ }}",
    "{{ request|attr('application')|attr('\\x5f\\x5fglobals\\x5f\\x5f') }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ g.pop.__globals__ }}",
    "{{ ()|attr('__class__')|attr('__base__') }}",
    "{{ ''|attr('__cla' ~ 'ss__') }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(patient) }}",
    "{{ '{0.__class__}'.format_map({'0': patient}) }}",
    "{{ ('%s' | format(patient.first_name)) }}",
    "{{ '{0.__class__}'|attr('format')(patient) }}",
    "{{ ['{0.__class__}']|map('format', patient)|first }}",
    "{{ ''|xmlattr }}",
    "{{ {'a b onload=x': 1}|xmlattr }}",
    "{{ {'a/onload=x': 1}|xmlattr }}",
    "{{ patient|map(attribute='__class__')|list }}",
    "{{ [patient]|groupby('__class__') }}",
    "{{ [patient]|sort(attribute='__class__.__name__') }}",
    "{{ [patient]|selectattr('__class__') }}",
    "{{ [1,2]|sum(start=patient) }}",
    "{{ patient.first_name|replace('a','b'*10**9) }}",
    "{{ patient.first_name|center(10**9) }}",
    "{{ patient.first_name|indent(10**9) }}",
    "{{ patient.first_name|truncate(10**9) }}",
    "{{ patient.first_name|wordwrap(1) }}",
    "{{ patient.first_name|urlize }}",
    "{{ patient.first_name|safe }}",
    "{{ patient.first_name|tojson }}",
    "{{ patient.first_name|pprint }}",
    "{{ patient.first_name|string }}",
    "{{ gaps|join(patient) }}",
    "{{ gaps|batch(10**9) }}",
    "{{ gaps|slice(10**9) }}",
    "{{ gaps|random }}",
    "{{ dict(a=1) }}",
    "{{ range(10**9)|list }}",
    "{% for c in [].__class__.__base__.__subclasses__() %}{% if c.__name__ == 'x' %}{{ c }}{% endif %}{% endfor %}",
    "{% set x = namespace(a=1) %}{% set x.a = 2 %}",
    "{% import 'os' as os %}{{ os }}",
    "{% from 'os' import popen %}",
    "{% include '/etc/passwd' %}",
    "{% include ['/etc/passwd', 'x'] ignore missing %}",
    "{% extends '/etc/passwd' %}",
    "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
    "{% call(x) patient() %}{% endcall %}",
    "{% filter upper %}{{ patient }}{% endfilter %}",
    "{% raw %}{{ x }}{% endraw %}{{ x }}",
    "{% debug %}",
    "{% do patient.update(a=1) %}",
    "{% trans %}x{% endtrans %}",
    "{% print(patient) %}",
    "{%- set loop = patient -%}{{ loop }}",
    "{{ loop.__class__ }}",
    "{{ caller() }}",
    "{{ varargs }}",
    "{{ kwargs }}",
    "{{ super() }}",
    "{{ True.__class__ }}",
    "{{ none.__class__ }}",
    "{{ 1.0.__class__ }}",
    "{{ patient.first_name.__class__ }}",
    "{{ patient.__dict__ }}",
    "{{ patient.values }}",
    "{{ patient._values }}",
    "{{ patient.name }}",
    "{{ patient['values'] }}",
    "{{ patient.ｆirst_name.__class__ }}",
    "{{ patient.﹍﹍class﹍﹍ }}",
    "{{ ｐatient.first_name|attr('x') }}",
    "{{ patient.first_name.encode('utf-16') }}",
    "{{ patient . first_name . __class__ }}",
    "{{ (patient)['first_name'] }}",
    "{{ patient.first_name[::-1] }}",
    "{{ patient.first_name[0:10**9] }}",
    "{{ not patient.__class__ }}",
    "{{ patient.first_name if patient.__class__ else 'x' }}",
    "{{ patient.first_name|default('x', true) }}",
    "{{ patient.first_name|default(patient.__class__) }}",
    "{{ patient.first_name is callable }}",
    "{{ patient.first_name is test }}",
    "{{ await patient }}",
    "{{ 'a'|upper()|lower()|attr('join') }}",
)


@pytest.mark.parametrize("source", _PUBLISHED_ESCAPES)
def test_what_led_out_of_other_sandboxes_is_refused_in_every_part_of_a_message(source: str) -> None:
    for text in (source, f"Hello {source}", "{% if gaps %}" + source + "{% endif %}", source.replace("{{ ", "{{- ")):
        with pytest.raises(TemplateError):
            compiled(text, html=True)
        with pytest.raises(TemplateError):
            compiled(text, html=False)
