"""Filling merge fields in: the one renderer of every message.

A template is Jinja cut down to what a message needs: fields, a few filters, if and a loop over a list. What is not on
the list is refused when the template is saved, with its line; the sandbox behind it would allow far too much
(`{{ 'x' * 10**9 }}` is a gigabyte). A field that is not on file is never a blank: it has a default, an if around it,
or the message is not sent to that patient.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError
from jinja2 import Template as JinjaTemplate
from jinja2.sandbox import SandboxedEnvironment

from core.domain.merge_field import FIELDS, FieldValues, suggestion
from core.domain.template_syntax import FILTERS, checked_fields
from core.errors import MissingField as MissingField
from core.errors import TemplateError

LONGEST_SOURCE = 60_000
LONGEST_OUTPUT = 120_000
# A web or mail address that goes on into a merge field or condition, and one within a merge field's own quotes.
_ADDRESS = r"(?:(?:https?|ftps?|mailto|sms|data|file)[ ]?:|www\.|[\w-]+\.[a-z]{2,}/)[^\s\"'<>{}]*"
_ADDRESS_WITH_FIELD = re.compile(_ADDRESS + r"\{[{%]", re.IGNORECASE)
_ADDRESS_IN_FIELD = re.compile(rf"\{{[{{%](?:(?![}}%]\}}).)*?[\"']\s*[^\"'}}]*?{_ADDRESS}", re.IGNORECASE | re.DOTALL)


def check(source: str) -> list[str]:
    """The names of the fields a template uses, in the order they come first.

    Raises TemplateError with the line for a field that does not exist or for syntax that is not allowed.
    """
    return _checked(source)


@dataclass(frozen=True)
class Compiled:
    """A checked template, ready to be filled in for many patients."""

    template: JinjaTemplate
    fields: tuple[str, ...]

    def render(self, values: FieldValues) -> str:
        """The text for one patient. `values` by field name; absent, None or empty is 'not on file'.

        Raises MissingField when the text needs such a field, TemplateError when it grows beyond LONGEST_OUTPUT.
        """
        pieces: list[str] = []
        length = 0
        context = self.template.new_context(_roots(self.fields, values), shared=True)  # there are no globals
        try:
            for piece in self.template.root_render_func(context):
                length += len(piece)
                if length > LONGEST_OUTPUT:
                    raise TemplateError(f"The message grows beyond {LONGEST_OUTPUT:,} characters. Make it shorter.")
                pieces.append(piece)
        except UndefinedError as error:
            name = str(error)
            raise MissingField(_missing_sentence(name), field=name) from None
        return "".join(pieces)


@lru_cache(maxsize=256)
def compiled(source: str, *, html: bool) -> Compiled:
    """Check and compile a template once. With `html`, values are escaped. Raises TemplateError like `check`."""
    fields = _checked(source)
    environment = _HTML if html else _PLAIN
    try:
        return Compiled(environment.from_string(source), tuple(fields))
    except (SyntaxError, RecursionError, MemoryError):
        raise TemplateError("The message has too many conditions within conditions. Make it simpler.") from None


def render(source: str, values: FieldValues, *, html: bool) -> str:
    """Fill a template in for one patient: see `Compiled.render`."""
    return compiled(source, html=html).render(values)


def _missing_sentence(name: str) -> str:
    field = FIELDS.get(name)
    if field is not None and field.source == "author":
        return f"'{name}' is not filled in: {field.about}. Fill it in under Message."
    expression = f"{name} | listed" if field is not None and field.is_list else name
    return (
        f"'{name}' is not on file for this patient. Give the message a wording without it, such as "
        f"{{{{ {expression} | default('...') }}}} or {{% if {name} %}} ... {{% endif %}}."
    )


class _Branch:
    """What stands before a dot, such as `patient`: gives its fields and nothing else."""

    __slots__ = ("name", "values")

    def __init__(self, name: str, values: FieldValues) -> None:
        self.name = name
        self.values = values


class _NotOnFile(StrictUndefined):
    """A field without a value: false in an if, an error naming the field wherever its text is needed."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]
        return False

    def _fail_with_undefined_error(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise UndefinedError(self._undefined_name)

    __str__ = __iter__ = __len__ = __eq__ = __ne__ = __contains__ = _fail_with_undefined_error
    __lt__ = __le__ = __gt__ = __ge__ = _fail_with_undefined_error

    def __hash__(self) -> int:  # type: ignore[override]
        return id(type(self))


class _Environment(SandboxedEnvironment):
    """The second fence: even a template that was never checked reaches fields only, and calls nothing."""

    def __init__(self, *, autoescape: bool) -> None:
        super().__init__(undefined=_NotOnFile, autoescape=autoescape, keep_trailing_newline=True, cache_size=0)
        self.globals.clear()
        self.tests.clear()
        self.filters = dict(FILTERS)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is not _Branch:
            raise TemplateError("Only merge fields have names with a dot. " + suggestion(attribute))
        name = f"{obj.name}.{attribute}"
        return obj.values.get(name) or self.undefined(name=name)

    def getitem(self, obj: Any, argument: Any) -> NoReturn:  # noqa: ARG002
        raise TemplateError("Square brackets are not allowed in a message.")

    def call(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TemplateError("Calls are not allowed in a message.")


_HTML = _Environment(autoescape=True)
_PLAIN = _Environment(autoescape=False)


def _checked(source: str) -> list[str]:
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(f"The message has {len(source):,} characters; at most {LONGEST_SOURCE:,} are possible.")
    _refuse_fields_in_addresses(source)
    try:
        return checked_fields(_PLAIN.parse(source))
    except TemplateSyntaxError as error:
        raise TemplateError(f"Line {error.lineno}: {_plain(error.message)}", line=error.lineno) from None
    except (RecursionError, ValueError, OverflowError):
        raise TemplateError("The message is nested too deeply to be understood. Make it simpler.") from None


def _refuse_fields_in_addresses(source: str) -> None:
    """An address that differs from reader to reader tells every server on its way who opened it. Our own link to stop
    emails stands below each of them and is none of the message's."""
    found = _ADDRESS_WITH_FIELD.search(source) or _ADDRESS_IN_FIELD.search(source)
    if found:
        line = source.count("\n", 0, found.start()) + 1
        raise TemplateError(
            f"Line {line}: a merge field or condition stands in a web or mail address. Every server on its way would "
            "learn who opened it. Use the same address for everybody; a telephone number (tel:) may be a field.",
            line=line,
        )


def _plain(message: str | None) -> str:
    return f"a merge field or condition is not written correctly ({(message or 'unknown reason').rstrip('.')})."


def _roots(names: tuple[str, ...], values: FieldValues) -> dict[str, Any]:
    """What the template's outermost names mean: a branch for what has a dot, else the value itself."""
    roots: dict[str, Any] = {}
    for name in names:
        root, dot, _ = name.partition(".")
        if dot:
            roots[root] = _Branch(root, values)
        else:
            roots[root] = values.get(name) or _NotOnFile(name=name)
    return roots
