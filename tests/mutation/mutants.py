"""The mutants of a module: each is the module with one small edit that changes what it does.

What is no behaviour is left as it is; docs/mutation.md says what, and why.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parents[2]

Tree = ast.AST

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
# Where a whole condition is replaced by its outcomes, its opposite tells nothing more.
OPPOSITES = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot, ast.In, ast.NotIn)
OPERATIONS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
}
# Calls that give back, changed, what they were called on or with.
CHANGING_METHODS = {
    "filter",
    "exclude",
    "order_by",
    "distinct",
    "reverse",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
}
CHANGING_FUNCTIONS = {"abs", "sorted", "min", "max", "reversed"}
CONDITION_METHODS = {"filter", "exclude", "Q", "When"}
# For people: texts, and what is written into a log.
TEXT_CALLS = {"_", "gettext", "gettext_lazy", "ngettext", "pgettext", "debug", "info", "warning", "error", "exception"}
# No other result, only another time; or, on SQLite, nothing at all.
SPEED_METHODS = {"select_related", "prefetch_related", "only", "defer", "iterator", "select_for_update"}
# Told which columns to read again: without being told, all.
RELOADING_METHODS = {"refresh_from_db"}
SPEED_KEYWORDS = {"locked", "using", "skip_locked", "batch_size", "chunk_size"}
# Says what is so anyway.
ASSERTING_KEYWORDS = {"strict"}
NO_BEHAVIOUR = {"annotation", "returns", "decorator_list", "type_params", "bases", "targets", "target"}
TEXT_FUNCTIONS = {"__str__", "__repr__"}


@dataclass(frozen=True)
class Edit:
    """``owner.field`` becomes ``value``. It has an effect after the import only if it is ``within`` a function."""

    owner: Tree
    field: str
    value: object
    before: str
    after: str
    scope: tuple[str, ...]
    lines: range
    within: bool
    names: tuple[str, ...]

    def apply(self) -> None:
        setattr(self.owner, self.field, self.value)


@dataclass(frozen=True)
class Mutant:
    """The ``number``-th edit of the module at ``path``, which is relative to the repository."""

    path: str
    number: int
    scope: str
    change: str
    lines: range  # of the statement
    within_function: bool
    names: tuple[str, ...]  # that it gives a value to, in a module or a class

    @property
    def key(self) -> str:
        """Names the mutant for as long as its function says the same."""
        return f"{self.path} {self.scope or 'module'}: {self.change}"

    def code(self) -> CodeType:
        """The mutated module, compiled."""
        tree = ast.parse((ROOT / self.path).read_text())
        list(_Edits(tree, described=False))[self.number].apply()
        return compile(ast.fix_missing_locations(tree), str(ROOT / self.path), "exec")


@cache
def mutants_of(path: str) -> list[Mutant]:
    """All mutants of the module at ``path``. Equal changes in one function are numbered."""
    tree = ast.parse((ROOT / path).read_text())
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for number, edit in enumerate(_Edits(tree, described=True)):
        scope, change = ".".join(edit.scope), f"{edit.before} -> {edit.after}"
        seen[scope, change] += 1
        if (count := seen[scope, change]) > 1:
            change = f"{change} ({count})"
        found.append(Mutant(path, number, scope, change, edit.lines, edit.within, edit.names))
    return found


class _Edits:
    """The edits of a module, in the order of its text."""

    def __init__(self, tree: ast.Module, *, described: bool) -> None:
        self._tree = tree
        self._text = _text if described else lambda node: ""
        self._scope: tuple[str, ...] = ()
        self._within = False
        self._names: tuple[str, ...] = ()
        self._lines = range(1, 2)

    def __iter__(self) -> Iterator[Edit]:
        yield from self._children(self._tree)

    def _edit(self, owner: Tree, field: str, value: object, shown: Tree | None = None) -> Edit:
        """``shown``, which is ``owner`` unless given, before and after."""
        shown = shown or owner
        old = getattr(owner, field)
        before = self._text(shown)
        setattr(owner, field, value)
        after = self._text(shown)
        setattr(owner, field, old)
        return Edit(owner, field, value, before, after, self._scope, self._lines, self._within, self._names)

    def _children(self, node: Tree) -> Iterator[Edit]:
        for field, value in ast.iter_fields(node):
            if field in NO_BEHAVIOUR or (field == "keywords" and isinstance(node, ast.ClassDef)):
                continue
            if isinstance(value, list):
                for index, child in enumerate(value):
                    if isinstance(child, ast.AST):
                        yield from self._visit(child, node, field, index)
            elif isinstance(value, ast.AST):
                yield from self._visit(value, node, field, None)

    def _visit(self, node: Tree, parent: Tree, field: str, index: int | None) -> Iterator[Edit]:
        if _is_no_behaviour(node, parent):
            return
        outer = self._scope, self._within, self._lines, self._names
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            self._lines = _lines(node)
            self._names = _names(node)
        if isinstance(node, ast.ClassDef):
            self._scope = (*self._scope, node.name)
            yield from self._children(node)
        elif isinstance(node, ast.FunctionDef):
            self._scope = (*self._scope, node.name)
            yield from self._decorators(node)
            yield from self._visit(node.args, node, "args", None)
            # Django calls an app's `ready` once, as soon as all modules are there.
            self._within = self._within or node.name != "ready"
            for position, statement in enumerate(node.body):
                yield from self._visit(statement, node, "body", position)
        else:
            for new, shown in self._replacements(node, parent):
                yield self._replace(parent, field, index, node, new, shown)
            yield from self._inside(node, parent)
            yield from self._children(node)
        self._scope, self._within, self._lines, self._names = outer

    def _replace(self, parent: Tree, field: str, index: int | None, node: Tree, new: Tree, shown: bool) -> Edit:
        ast.copy_location(new, node)
        if index is None:
            value: object = new
        else:
            items = list(getattr(parent, field))
            items[index] = new
            value = items
        if shown:
            return self._edit(parent, field, value)
        return Edit(
            parent, field, value, self._text(node), self._text(new), self._scope, self._lines, self._within, self._names
        )

    def _decorators(self, node: ast.FunctionDef) -> Iterator[Edit]:
        for decorator in node.decorator_list:
            if "atomic" in (text := ast.unparse(decorator)):
                rest = [each for each in node.decorator_list if each is not decorator]
                yield Edit(node, "decorator_list", rest, f"@{text}", "", self._scope, self._lines, False, ())

    def _replacements(self, node: Tree, parent: Tree) -> Iterator[tuple[Tree, bool]]:
        """What may stand in the place of ``node``; with ``True`` where it is best shown with its parent."""
        match node:
            case ast.Constant(value=bool() as value):
                yield ast.Constant(not value), True
            case ast.Constant(value=int() | float() as value):
                yield ast.Constant(value + 1), True
            case ast.UnaryOp(op=ast.Not(), operand=operand) if not _is_condition(node, parent):
                yield operand, False
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                yield operand, True
            case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd(), right=right):
                yield left, False
                yield right, False
            case ast.BinOp(left=left, op=ast.Mod(), right=_):
                yield left, False
            case ast.BoolOp(op=op, values=values):
                for dropped in values:
                    rest = [value for value in values if value is not dropped]
                    yield (rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)), False
            case ast.IfExp(body=body, orelse=orelse):
                yield body, False
                yield orelse, False
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in CHANGING_METHODS:
                yield value, False
            case ast.Call(func=ast.Name(id=name), args=[*args]) if name in CHANGING_FUNCTIONS and not node.keywords:
                yield from ((argument, False) for argument in args)
            case ast.Call(func=ast.Name(id="any"), args=args):
                yield ast.Call(ast.Name("all", ast.Load()), args, []), False
            case ast.Call(func=ast.Name(id="all"), args=args):
                yield ast.Call(ast.Name("any", ast.Load()), args, []), False
            case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()):
                yield ast.Pass(), False
            case ast.Raise() | ast.Continue() | ast.Break() | ast.Return(value=None) if _is_all_of_an_if(node, parent):
                return
            case ast.Raise() | ast.Continue() | ast.Break() | ast.Delete() | ast.Return(value=None):
                yield ast.Pass(), False
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]) | ast.AugAssign():
                yield ast.Pass(), False
            case ast.With(items=[item], body=body) if item.optional_vars is None:
                yield ast.If(ast.Constant(True), body, []), False

    def _inside(self, node: Tree, parent: Tree) -> Iterator[Edit]:
        """Edits of ``node`` that leave it in its place."""
        match node:
            case ast.Compare(ops=ops):
                for index, op in enumerate(ops):
                    if isinstance(op, OPPOSITES) and len(ops) == 1 and _is_condition(node, parent):
                        continue
                    yield self._edit(node, "ops", [*ops[:index], COMPARISONS[type(op)](), *ops[index + 1 :]])
            case ast.BinOp(op=op, left=left, right=right) | ast.AugAssign(op=op, target=left, value=right):
                if type(op) in OPERATIONS and not (_is_text(left) or _is_text(right)):
                    yield self._edit(node, "op", OPERATIONS[type(op)]())
            case ast.If(test=test) | ast.While(test=test):
                always = ast.BoolOp(ast.Or(), [test, ast.Constant(True)])
                never = ast.BoolOp(ast.And(), [test, ast.Constant(False)])
                for condition in [never] if isinstance(node, ast.While) else [always, never]:
                    ast.copy_location(condition, test)
                    yield self._edit(node, "test", condition)
            case ast.comprehension(ifs=ifs):
                for dropped in ifs:
                    yield self._edit(node, "ifs", [each for each in ifs if each is not dropped], parent)
            case ast.Slice(lower=lower, upper=upper):
                if lower:
                    yield self._edit(node, "lower", None, parent)
                if upper:
                    yield self._edit(node, "upper", None, parent)
            case ast.Call(keywords=keywords):
                for keyword in keywords:
                    if not (_is_no_behaviour(keyword, node) or _called(node) in RELOADING_METHODS):
                        yield self._edit(node, "keywords", [each for each in keywords if each is not keyword])
                if _called(node) in CONDITION_METHODS and len(node.args) + len(keywords) > 1:
                    for argument in node.args:
                        yield self._edit(node, "args", [each for each in node.args if each is not argument])
            case ast.List(elts=elements) | ast.Set(elts=elements) if len(elements) > 1:
                yield from self._without_each(node, elements)
            case ast.Tuple(elts=elements) if len(elements) > 1 and isinstance(
                parent, ast.Compare | ast.Assign | ast.Call
            ):
                yield from self._without_each(node, elements)
            case ast.Dict(keys=keys, values=values) if len(keys) > 1:
                for index in range(len(keys)):
                    shorter = ast.Dict(keys[:index] + keys[index + 1 :], values[:index] + values[index + 1 :])
                    yield Edit(
                        node,
                        "__dict__",
                        {**node.__dict__, **shorter.__dict__},
                        self._text(node),
                        self._text(shorter),
                        self._scope,
                        self._lines,
                        self._within,
                        self._names,
                    )
            case ast.ExceptHandler(body=body):
                if not isinstance(body[0], ast.Raise) or body[0].exc is not None:
                    yield self._edit(node, "body", [ast.copy_location(ast.Raise(), body[0])])
            case ast.With(items=items) if len(items) > 1:
                for item in items:
                    if item.optional_vars is None:
                        yield self._edit(node, "items", [each for each in items if each is not item])

    def _without_each(self, node: Tree, elements: list[ast.expr]) -> Iterator[Edit]:
        for dropped in elements:
            yield self._edit(node, "elts", [each for each in elements if each is not dropped])


def _is_no_behaviour(node: Tree, parent: Tree) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.JoinedStr():
            return True
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case ast.Expr(value=ast.Call() as call):
            return _called(call) in TEXT_CALLS
        case ast.ClassDef(name="Meta") | ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.FunctionDef(name=name):
            return name in TEXT_FUNCTIONS
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Assign(value=value) | ast.AnnAssign(value=value) if isinstance(parent, ast.ClassDef):
            # A column, which the migrations make, or a state and its name.
            return _is_column(value) or any("Choices" in ast.unparse(base) for base in parent.bases)
        case ast.Call():
            return _called(node) in TEXT_CALLS
        case ast.Raise(exc=ast.Name(id="NotImplementedError")):
            return True
        case ast.keyword(arg=name):
            in_speed = isinstance(parent, ast.Call) and _called(parent) in SPEED_METHODS
            return in_speed or name in SPEED_KEYWORDS | ASSERTING_KEYWORDS
        case _:
            return False


def _names(statement: ast.stmt | ast.ExceptHandler) -> tuple[str, ...]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return (name,)
        case _:
            return ()


def _lines(statement: ast.stmt | ast.ExceptHandler) -> range:
    """Of a compound statement those of its head."""
    body = getattr(statement, "body", None)
    if isinstance(statement, ast.FunctionDef | ast.ClassDef) or not body:
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    return range(statement.lineno, max(body[0].lineno, statement.lineno + 1))


def _is_column(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).startswith("models.")


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_condition(node: Tree, parent: Tree) -> bool:
    return isinstance(parent, ast.If | ast.While) and parent.test is node


def _is_all_of_an_if(node: Tree, parent: Tree) -> bool:
    return isinstance(parent, ast.If) and parent.body == [node] and not parent.orelse


def _is_text(node: Tree) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _text(node: Tree) -> str:
    """Its source in one line, of a compound statement its first."""
    node = copy.copy(node)
    if isinstance(node, ast.If | ast.While | ast.For | ast.With | ast.ExceptHandler | ast.FunctionDef):
        body = node.body
        node.body = body if isinstance(body[0], ast.Raise) else [ast.Expr(ast.Constant(...))]
        if isinstance(node, ast.If | ast.While | ast.For):
            node.orelse = []
    if isinstance(node, ast.arguments):
        return ast.unparse(node)
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
