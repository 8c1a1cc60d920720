"""What a template may contain: an allow-list over Jinja's syntax tree. Everything else is refused with its line."""

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import Undefined, nodes

from core.domain.merge_field import FIELDS, suggestion
from core.errors import TemplateError

MOST_NODES = 3000
DEEPEST = 8  # conditions within conditions
_COMPARISONS = frozenset({"eq", "ne", "lt", "gt", "lteq", "gteq", "in", "notin"})
_TEXT, _LIST, _NUMBER, _TRUTH = "text", "list", "number", "truth"


def listed(items: Iterable[str], word: str = "and") -> str:
    """A list as a person would say it: 'a', 'a and b', 'a, b and c'."""
    texts = list(items)
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}" if len(texts) > 1 else "".join(texts)


def _default(value: str | Undefined, replacement: str) -> str:
    return replacement if isinstance(value, Undefined) or not value else value


def _if_on_file(function: Callable[..., Any]) -> Callable[..., Any]:
    """A field that is not on file stays so through a filter, so that a `default` may come after it."""

    def filter_(value: Any, *arguments: Any) -> Any:
        return value if isinstance(value, Undefined) else function(value, *arguments)

    return filter_


# What a filter takes, gives, and how many constants it may have besides.
FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "upper": _if_on_file(str.upper),
    "lower": _if_on_file(str.lower),
    "capitalize": _if_on_file(lambda text: text[:1].upper() + text[1:]),
    "listed": _if_on_file(listed),
    "length": _if_on_file(len),
}
_FILTER_KINDS: dict[str, tuple[str, str, tuple[int, ...]]] = {
    "default": (_TEXT, _TEXT, (1,)),
    "upper": (_TEXT, _TEXT, (0,)),
    "lower": (_TEXT, _TEXT, (0,)),
    "capitalize": (_TEXT, _TEXT, (0,)),
    "listed": (_LIST, _TEXT, (0, 1)),
    "length": (_LIST, _NUMBER, (0,)),
}

_NAMES_OF_SYNTAX: dict[type[nodes.Node], str] = {
    nodes.Call: "a call",
    nodes.BinExpr: "arithmetic",
    nodes.UnaryExpr: "arithmetic",
    nodes.Concat: "'~'",
    nodes.Getitem: "square brackets",
    nodes.Test: "'is'",
    nodes.Assign: "'set'",
    nodes.AssignBlock: "'set'",
    nodes.Macro: "'macro'",
    nodes.Include: "'include'",
    nodes.Extends: "'extends'",
    nodes.Block: "'block'",
    nodes.Dict: "a dictionary",
}


def checked_fields(template: nodes.Template) -> list[str]:
    """The fields a parsed template uses, in the order they come first. Raises TemplateError with the line."""
    if sum(1 for _ in template.find_all(nodes.Node)) > MOST_NODES:
        raise TemplateError("The message has too many merge fields and conditions. Make it simpler.")
    checker = _Checker()
    checker.statements(template.body, depth=0)
    return list(checker.fields)


class _Checker:
    """Walks one template, collecting its fields. `loop_names` are the names that a surrounding loop gives."""

    def __init__(self) -> None:
        self.fields: dict[str, None] = {}
        self.loop_names: set[str] = set()

    def statements(self, body: list[nodes.Node], *, depth: int) -> None:
        for node in body:
            if depth > DEEPEST:
                raise _refusal(node, f"more than {DEEPEST} conditions within each other")
            if isinstance(node, nodes.Output):
                self._output(node)
            elif isinstance(node, nodes.If):
                self._condition(node, depth=depth)
            elif isinstance(node, nodes.For):
                self._loop(node, depth=depth)
            else:
                raise _refusal(node)

    def _output(self, node: nodes.Output) -> None:
        for expression in node.nodes:
            if isinstance(expression, nodes.TemplateData):
                continue
            kind = self.kind(expression)
            if kind == _LIST:
                raise _refusal(expression, "a list by itself (write it with '| listed')")
            if kind == _TRUTH:
                raise _refusal(expression, "a comparison outside an 'if'")

    def _condition(self, node: nodes.If, *, depth: int) -> None:
        self.kind(node.test)
        self.statements(node.body, depth=depth + 1)
        for other in node.elif_:
            self.kind(other.test)
            self.statements(other.body, depth=depth + 1)
        self.statements(node.else_, depth=depth + 1)

    def _loop(self, node: nodes.For, *, depth: int) -> None:
        if self.loop_names or node.recursive or node.test is not None:
            raise _refusal(node, "a loop within a loop, or one with a condition")
        if not isinstance(node.target, nodes.Name) or _is_field(node.target.name):
            raise _refusal(node, "a loop without a new name of its own")
        if not isinstance(node.iter, nodes.Name) or self.kind(node.iter) != _LIST:
            raise _refusal(node, "a loop over anything but a field that is a list")
        self.loop_names.add(node.target.name)
        self.statements(node.body, depth=depth + 1)
        self.loop_names.clear()
        self.statements(node.else_, depth=depth + 1)

    def kind(self, node: nodes.Node) -> str:
        """What an expression gives: text, a list, a number or a truth value."""
        if isinstance(node, nodes.Const):
            return _constant(node)
        if isinstance(node, nodes.Name | nodes.Getattr):
            return self._field(node)
        if isinstance(node, nodes.Filter):
            return self._filter(node)
        if isinstance(node, nodes.CondExpr):
            return self._inline_if(node)
        if isinstance(node, nodes.Compare):
            return self._comparison(node)
        if isinstance(node, nodes.And | nodes.Or):
            self.kind(node.left)
            self.kind(node.right)
            return _TRUTH
        if isinstance(node, nodes.Not):
            self.kind(node.node)
            return _TRUTH
        raise _refusal(node)

    def _field(self, node: nodes.Name | nodes.Getattr) -> str:
        name = _dotted(node)
        if name in self.loop_names:
            return _TEXT
        if name not in FIELDS:
            raise TemplateError(f"Line {node.lineno}: there is no field '{name}'. {suggestion(name)}", line=node.lineno)
        self.fields[name] = None
        return _LIST if FIELDS[name].is_list else _TEXT

    def _filter(self, node: nodes.Filter) -> str:
        if node.name not in _FILTER_KINDS:
            raise TemplateError(
                f"Line {node.lineno}: there is no filter '{node.name}'. The filters are: {', '.join(FILTERS)}.",
                line=node.lineno,
            )
        takes, gives, counts = _FILTER_KINDS[node.name]
        if node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) not in counts:
            raise _refusal(node, f"the filter '{node.name}' with these values in brackets")
        if any(not isinstance(argument, nodes.Const) or _constant(argument) != _TEXT for argument in node.args):
            raise _refusal(node, f"anything but a text in quotation marks in the brackets of '{node.name}'")
        if node.name == "default" and not node.args[0].as_const().strip():
            raise _refusal(node, "a 'default' without words, which leaves a blank,")
        if self.kind(node.node) != takes:
            raise _refusal(node, f"the filter '{node.name}' on what is not a {takes}")
        return gives

    def _inline_if(self, node: nodes.CondExpr) -> str:
        self.kind(node.test)
        if node.expr2 is None:
            raise _refusal(node, "an 'if' within a field that has no 'else'")
        kind = self.kind(node.expr1)
        if self.kind(node.expr2) != kind:
            raise _refusal(node, "an 'if' that gives a text or a list")
        return kind

    def _comparison(self, node: nodes.Compare) -> str:
        """Only like with like: anything else would break for some patients, or for all."""
        left = node.expr
        for operand in node.ops:
            if operand.op not in _COMPARISONS:
                raise _refusal(operand)
            wanted = self._sought_in(left, operand) if operand.op in ("in", "notin") else self.kind(operand.expr)
            if wanted not in (_TEXT, _NUMBER) or self.kind(left) != wanted:
                raise _refusal(node, "a comparison of what is not alike, such as a text with a number,")
            left = operand.expr
        return _TRUTH

    def _sought_in(self, left: nodes.Node, operand: nodes.Operand) -> str:
        """What may be looked for in the operand: an item of a list, or a word in a text."""
        if isinstance(operand.expr, nodes.List | nodes.Tuple):
            kinds = {_constant(item) for item in operand.expr.items}
            return kinds.pop() if len(kinds) == 1 else _TRUTH
        kind = self.kind(operand.expr)
        if kind == _TEXT and not isinstance(left, nodes.Const):
            raise _refusal(left, "looking for a field in a text (write a list of texts in brackets)")
        return _TEXT if kind in (_TEXT, _LIST) else _TRUTH


def _constant(node: nodes.Node) -> str:
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str):
            return _TEXT
        if isinstance(node.value, bool):
            return _TRUTH
        if isinstance(node.value, int | float):
            return _NUMBER
    raise _refusal(node, "a value other than a text or a number")


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_dotted(node.node)}.{node.attr}"
    raise _refusal(node)


def _is_field(name: str) -> bool:
    return any(field == name or field.startswith(f"{name}.") for field in FIELDS)


def _refusal(node: nodes.Node, what: str | None = None) -> TemplateError:
    found = what or next(
        (name for kind, name in _NAMES_OF_SYNTAX.items() if isinstance(node, kind)), f"'{type(node).__name__.lower()}'"
    )
    return TemplateError(
        f"Line {node.lineno}: {found} is not possible in a message. Use merge fields, the filters "
        f"{', '.join(FILTERS)}, and if.",
        line=node.lineno,
    )
