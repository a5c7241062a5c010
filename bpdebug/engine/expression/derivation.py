"""The backward pass, derived: one loop over the forward statements in reverse.

For `y = f(x)` with the gradient `dy` already there, the function table says what flows to `x`; the
loop sends it down the tree of the statement, and when every use of a name has been seen, the sum of
its contributions becomes the statement `dx = ...`. Three things are the loop's and never a rule's:

- broadcasting is undone: an operand that was repeated gets the sum over the repeats (that is why
  `db` is a sum over the batch);
- a name that is used more than once gets the sum of what flows back from each use;
- what is needed twice is computed once: an inner gradient, or an inner result of the forward pass,
  becomes a statement of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, reduce
from itertools import count

from bpdebug.engine.expression.forms import Shape, written
from bpdebug.engine.expression.functions import FUNCTIONS
from bpdebug.engine.expression.nodes import (
    Call,
    Expression,
    Name,
    Option,
    Statement,
    calls,
    names,
    replace,
    rewrite,
    walk,
)
from bpdebug.engine.expression.parsing import parse
from bpdebug.engine.expression.printing import numpy_text
from bpdebug.engine.expression.shapes import options_of, shape_of
from bpdebug.engine.expression.simplification import simplify
from bpdebug.errors import DerivationError


def gradient_name(name: str) -> str:
    """Return what the gradient of the loss with respect to a tensor is called."""
    return f"d{name}"


def derive(
    forward: Sequence[Statement],
    shapes: Mapping[str, Shape],
    seed: str,
    parameters: Collection[str] = (),
) -> tuple[tuple[Statement, ...], tuple[Statement, ...]]:
    """Derive the backward statements of a program.

    Parameters
    ----------
    forward : sequence of Statement
        The forward pass.
    shapes : mapping
        The shape of every input and every result of the forward pass. An axis along which an
        operand is repeated must be longer than 1 here for its gradient to be summed.
    seed : str
        The tensor whose gradient comes in from outside.
    parameters : collection of str
        The inputs that are trained: their gradients come before what is passed on.

    Returns
    -------
    (forward, backward) : pair of tuples of Statement
        The forward pass, with inner results that the backward pass needs as statements of their
        own, and the backward pass in the order in which it can run.

    Raises
    ------
    DerivationError
        If a function on the way has no derivative.
    """
    shapes = dict(shapes)
    while True:
        backward = _Derivation(forward, dict(shapes), seed, parameters).run()
        shared = _shared_inner_results(forward, backward)
        if not shared:
            return tuple(forward), backward
        for inner in shared:
            forward = _with_own_statement(forward, inner, shapes)


class _Derivation:
    """One run of the loop: the contributions collected so far, and the statements written so far."""

    def __init__(
        self,
        forward: Sequence[Statement],
        shapes: dict[str, Shape],
        seed: str,
        parameters: Collection[str],
    ) -> None:
        self.forward = forward
        self.shapes = shapes
        self.seed = seed
        self.parameters = parameters
        # What the forward pass has computed is called by its name; a copy (`h = x`) stays what it is.
        self.results = {
            simplify(statement.expression): Name(statement.name)
            for statement in forward
            if isinstance(statement.expression, Call) and names(statement.expression)
        }
        self.contributions: dict[str, list[tuple[str, Expression]]] = {}
        self.backward: list[Statement] = []
        first_uses: dict[str, int] = {}
        for position, statement in enumerate(forward):
            for name in names(statement.expression):
                first_uses.setdefault(name, position)
        self.completed_at: dict[int, list[str]] = {}
        for name, position in first_uses.items():
            self.completed_at.setdefault(position, []).append(name)

    def run(self) -> tuple[Statement, ...]:
        known = {self.seed}
        self.shapes[gradient_name(self.seed)] = self.shapes[self.seed]
        for position in reversed(range(len(self.forward))):
            statement = self.forward[position]
            if statement.name in known:
                self.pull_back(statement.expression, Name(gradient_name(statement.name)), statement)
            completed = [name for name in self.completed_at.get(position, ()) if name in self.contributions]
            # A stable sort: what the layer trains first, then what it passes on.
            for name in sorted(completed, key=lambda name: name not in self.parameters):
                if name not in known:
                    self.write_gradient(name, statement)
                    known.add(name)
        return tuple(self.backward)

    def pull_back(self, node: Expression, gradient: Expression, statement: Statement) -> None:
        """Send the gradient of a node's result down to the names below it."""
        if isinstance(node, Name):
            self.contributions.setdefault(node.id, []).append((statement.name, gradient))
        if not isinstance(node, Call):
            return
        reached = [(i, argument) for i, argument in enumerate(node.arguments) if names(argument)]
        rules = derivative_rules(node.function)
        uses = sum(_count(rules[i], Name("g")) for i, _ in reached)
        if uses > 1 and not isinstance(gradient, Name):
            gradient = self.write_inner_gradient(gradient, statement)
        meanings: dict[Expression, Expression] = {
            Name("g"): gradient,
            Name("out"): node,
            **{Name(place): argument for place, argument in zip("xy", node.arguments, strict=False)},
        }
        for i, argument in reached:
            if (rule := rules[i]) is not None:
                piece = simplify(replace(_with_options(rule, node), meanings))
                piece = replace(piece, self.results)
                self.pull_back(argument, self.sum_to_shape_of(piece, argument), statement)

    def sum_to_shape_of(self, piece: Expression, argument: Expression) -> Expression:
        """Undo broadcasting: sum over the axes along which the argument was repeated."""
        found = shape_of(piece, self.shapes)
        wanted = shape_of(argument, self.shapes)
        extra = len(found) - len(wanted)
        if extra < 0 or any(want not in (1, have) for have, want in zip(found[extra:], wanted, strict=True)):
            raise DerivationError(
                f"the gradient {numpy_text(piece)} has shape {written(found)}, "
                f"but that of {numpy_text(argument)} is {written(wanted)}: a derivative is wrong"
            )
        if extra:
            axis: Option = 0 if extra == 1 else tuple(range(extra))
            piece = Call("sum", (piece,), (("axis", axis),))
            found = found[extra:]
        repeated = tuple(
            i for i, (have, want) in enumerate(zip(found, wanted, strict=True)) if want == 1 < have
        )
        if repeated:
            axis = repeated[0] if len(repeated) == 1 else repeated
            piece = Call("sum", (piece,), (("axis", axis), ("keepdims", True)))
        return piece

    def write_gradient(self, name: str, statement: Statement) -> None:
        contributions = self.contributions[name]
        total = reduce(lambda x, y: Call("add", (x, y)), [piece for _, piece in contributions])
        through = tuple(dict.fromkeys(source for source, _ in contributions))
        self.write(gradient_name(name), total, statement, name, through)

    def write_inner_gradient(self, gradient: Expression, statement: Statement) -> Name:
        # The names of the gradients to come are taken, too.
        taken = {*self.shapes, *map(gradient_name, self.shapes)}
        name = _inner_name(gradient_name(statement.name), taken)
        self.write(name, gradient, statement, "", (statement.name,))
        return Name(name)

    def write(
        self, name: str, expression: Expression, statement: Statement, of: str, through: tuple[str, ...]
    ) -> None:
        self.shapes[name] = shape_of(expression, self.shapes)
        self.backward.append(
            Statement(name, expression, "backward", statement.layer, name, of=of, through=through)
        )


@lru_cache
def derivative_rules(function: str) -> tuple[Expression | None, ...]:
    """Return the parsed derivative rules of a function, one for each argument.

    Raises
    ------
    DerivationError
        If the function has no derivative, or not one rule for each argument.
    """
    entry = FUNCTIONS[function]
    if entry.derivatives is None:
        raise DerivationError(f"the function {function} has no derivative")
    if len(entry.derivatives) != entry.arity:
        raise DerivationError(
            f"the function {function} has {entry.arity} arguments but {len(entry.derivatives)} derivatives"
        )
    options = tuple(entry.options)
    return tuple(None if rule is None else parse(rule, options) for rule in entry.derivatives)


def _with_options(rule: Expression, call: Call) -> Expression:
    """Replace the names that stand for options by the options of the call that is differentiated."""
    given = options_of(call)

    def fill(node: Expression) -> Expression:
        if not isinstance(node, Call):
            return node
        filled = ((key, given[value.id] if isinstance(value, Name) else value) for key, value in node.options)
        defaults = FUNCTIONS[node.function].options
        return Call(node.function, node.arguments, tuple((k, v) for k, v in filled if v != defaults[k]))

    return rewrite(rule, fill)


def _count(expression: Expression | None, wanted: Expression) -> int:
    return 0 if expression is None else sum(node == wanted for node in walk(expression))


def _inner_name(of: str, taken: Collection[str]) -> str:
    """Return a new name for an inner result of a statement: `z_inner`, then `z_inner_2`, ..."""
    stem = f"{of.partition('_inner')[0]}_inner"
    candidates = (f"{stem}_{number}" for number in count(2))
    return stem if stem not in taken else next(name for name in candidates if name not in taken)


def _shared_inner_results(forward: Sequence[Statement], backward: Sequence[Statement]) -> list[Call]:
    """Return the inner results of the forward pass that the backward pass computes again, largest first."""
    inner = {node for statement in forward for node in calls(statement.expression)[:-1] if _is_work(node)}
    found: dict[Call, int] = {}

    def search(node: Expression) -> None:
        """Note the largest shared calls below a node."""
        if isinstance(node, Call):
            if node in inner:
                found[node] = sum(1 for _ in walk(node))
            else:
                for argument in node.arguments:
                    search(argument)

    if inner:
        for statement in backward:
            search(statement.expression)
    return sorted(found, key=lambda node: -found[node])


def _is_work(call: Call) -> bool:
    """Whether a call computes anything: a transposed name is a view, and literals are constants."""
    operand = call.arguments[0]
    return bool(names(call)) and not (call.function == "transpose" and isinstance(operand, Name))


def _with_own_statement(
    forward: Sequence[Statement], inner: Call, shapes: dict[str, Shape]
) -> tuple[Statement, ...]:
    """Give an inner result a statement of its own, before the first statement that contains it."""
    rewritten: list[Statement] = []
    name = ""
    for statement in forward:
        if not name and inner in calls(statement.expression):
            name = _inner_name(statement.name, shapes)
            shapes[name] = shape_of(inner, shapes)
            rewritten.append(Statement(name, inner, "forward", statement.layer, name))
        expression = replace(statement.expression, {inner: Name(name)}) if name else statement.expression
        rewritten.append(
            Statement(statement.name, expression, statement.phase, statement.layer, statement.role)
        )
    return tuple(rewritten)
