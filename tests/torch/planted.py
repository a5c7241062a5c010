"""Custom Functions of our own, right as they are, and mistakes that are planted in their backward.

Each mistake is a small change of one expression of a backward: a factor, a term or a sum too many or missing,
another sign, another name, another axis. What it changes nothing of is no mistake, and is left out.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from tests.torch import other_functions

FIRST_FUNCTIONS = {
    "Dense": """
        def forward(ctx, x, w, b):
            ctx.save_for_backward(x, w)
            return x @ w.t() + b
        def backward(ctx, dy):
            x, w = ctx.saved_tensors
            dx = dy @ w
            dw = dy.t() @ x
            db = dy.sum(0)
            return dx, dw, db
    """,
    "Swish": """
        def forward(ctx, x, beta):
            s = torch.sigmoid(beta * x)
            ctx.save_for_backward(x, s, beta)
            return x * s
        def backward(ctx, dy):
            x, s, beta = ctx.saved_tensors
            ds = s * (1 - s)
            dx = dy * (s + beta * x * ds)
            dbeta = (dy * x * x * ds).sum()
            return dx, dbeta
    """,
    "Softmax": """
        def forward(ctx, x):
            e = torch.exp(x - x.max(dim=-1, keepdim=True)[0])
            p = e / e.sum(dim=-1, keepdim=True)
            ctx.save_for_backward(p)
            return p
        def backward(ctx, dy):
            p, = ctx.saved_tensors
            inner = (dy * p).sum(dim=-1, keepdim=True)
            dx = p * (dy - inner)
            return dx
    """,
    "LayerNorm": """
        def forward(ctx, x, gamma, beta):
            mean = x.mean(dim=-1, keepdim=True)
            var = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
            rstd = 1 / torch.sqrt(var + 1e-5)
            xhat = (x - mean) * rstd
            ctx.save_for_backward(xhat, rstd, gamma)
            return xhat * gamma + beta
        def backward(ctx, dy):
            xhat, rstd, gamma = ctx.saved_tensors
            dgamma = (dy * xhat).sum(0)
            dbeta = dy.sum(0)
            dxhat = dy * gamma
            m1 = dxhat.mean(-1, keepdim=True)
            m2 = (dxhat * xhat).mean(-1, keepdim=True)
            dx = rstd * (dxhat - m1 - xhat * m2)
            return dx, dgamma, dbeta
    """,
    "RmsNorm": """
        def forward(ctx, x, w):
            r = torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6)
            ctx.save_for_backward(x, w, r)
            return x * r * w
        def backward(ctx, dy):
            x, w, r = ctx.saved_tensors
            dw = (dy * x * r).sum(0)
            g = dy * w
            dx = r * g - x * r ** 3 * (g * x).mean(-1, keepdim=True)
            return dx, dw
    """,
    "Huber": """
        def forward(ctx, x, y):
            d = x - y
            small = d.abs() < 1.0
            ctx.save_for_backward(d, small)
            return torch.where(small, 0.5 * d * d, d.abs() - 0.5).sum()
        def backward(ctx, dy):
            d, small = ctx.saved_tensors
            slope = torch.where(small, d, torch.sign(d))
            dx = dy * slope
            return dx, -dx
    """,
    "Gated": """
        def forward(ctx, x, w, v):
            a = x @ w
            b = x @ v
            s = torch.sigmoid(a)
            ctx.save_for_backward(x, w, v, b, s)
            return s * b
        def backward(ctx, dy):
            x, w, v, b, s = ctx.saved_tensors
            da = dy * b * s * (1 - s)
            db = dy * s
            dx = da @ w.t() + db @ v.t()
            dw = x.t() @ da
            dv = x.t() @ db
            return dx, dw, dv
    """,
    "Bilinear": """
        def forward(ctx, x, w, z):
            ctx.save_for_backward(x, w, z)
            return (x @ w * z).sum(1)
        def backward(ctx, dy):
            x, w, z = ctx.saved_tensors
            g = dy.unsqueeze(1)
            dx = (g * z) @ w.t()
            dw = x.t() @ (g * z)
            dz = g * (x @ w)
            return dx, dw, dz
    """,
    "Cosine": """
        def forward(ctx, x, y):
            nx = x.norm(dim=1, keepdim=True)
            ny = y.norm(dim=1, keepdim=True)
            c = (x * y).sum(1, keepdim=True) / (nx * ny)
            ctx.save_for_backward(x, y, nx, ny, c)
            return c
        def backward(ctx, dc):
            x, y, nx, ny, c = ctx.saved_tensors
            dx = dc * (y / (nx * ny) - c * x / nx ** 2)
            dy = dc * (x / (nx * ny) - c * y / ny ** 2)
            return dx, dy
    """,
    "Attention": """
        def forward(ctx, q, k, v):
            s = q @ k.t() / 2.0
            p = torch.softmax(s, dim=-1)
            ctx.save_for_backward(q, k, v, p)
            return p @ v
        def backward(ctx, do):
            q, k, v, p = ctx.saved_tensors
            dv = p.t() @ do
            dp = do @ v.t()
            ds = p * (dp - (dp * p).sum(-1, keepdim=True))
            dq = ds @ k / 2.0
            dk = ds.t() @ q / 2.0
            return dq, dk, dv
    """,
    "Rotation": """
        def forward(ctx, x, angle):
            a, b = x[:, :2], x[:, 2:]
            cos, sin = torch.cos(angle), torch.sin(angle)
            ctx.save_for_backward(a, b, cos, sin)
            return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=1)
        def backward(ctx, dy):
            a, b, cos, sin = ctx.saved_tensors
            d1, d2 = dy[:, :2], dy[:, 2:]
            da = d1 * cos + d2 * sin
            db = d2 * cos - d1 * sin
            dangle = (d1 * (-a * sin - b * cos) + d2 * (a * cos - b * sin)).sum(0)
            return torch.cat([da, db], dim=1), dangle
    """,
    "Mish": """
        def forward(ctx, x):
            sp = torch.log1p(torch.exp(x))
            t = torch.tanh(sp)
            ctx.save_for_backward(x, t)
            return x * t
        def backward(ctx, dy):
            x, t = ctx.saved_tensors
            s = torch.sigmoid(x)
            dx = dy * (t + x * (1 - t * t) * s)
            return dx
    """,
    "Whitened": """
        def forward(ctx, x):
            mean = x.mean(0)
            c = x - mean
            std = torch.sqrt((c ** 2).mean(0) + 1e-5)
            out = c / std
            ctx.save_for_backward(out, std)
            return out
        def backward(ctx, dy):
            out, std = ctx.saved_tensors
            dx = (dy - dy.mean(0) - out * (dy * out).mean(0)) / std
            return dx
    """,
    "CrossEntropy": """
        def forward(ctx, logits, target):
            logp = torch.log_softmax(logits, dim=1)
            p = torch.exp(logp)
            ctx.save_for_backward(p, target)
            return -(target * logp).sum() / logits.shape[0]
        def backward(ctx, dy):
            p, target = ctx.saved_tensors
            total = target.sum(1, keepdim=True)
            dlogits = dy * (p * total - target) / p.shape[0]
            return dlogits, None
    """,
    "Lorentz": """
        def forward(ctx, x, width):
            q = x / width
            f = 1 / (1 + q ** 2)
            ctx.save_for_backward(x, width, q, f)
            return f
        def backward(ctx, dy):
            x, width, q, f = ctx.saved_tensors
            dq = -2 * q * f ** 2 * dy
            dx = dq / width
            dwidth = -(dq * x / width ** 2).sum(0)
            return dx, dwidth
    """,
}
"""What a Function is called -> its body."""
FUNCTIONS = FIRST_FUNCTIONS | other_functions.FUNCTIONS
INPUTS = other_functions.INPUTS | {
    "Dense": ((5, 4), (3, 4), (3,)),
    "Swish": ((5, 4), ()),
    "Softmax": ((5, 4),),
    "LayerNorm": ((5, 4), (4,), (4,)),
    "RmsNorm": ((5, 4), (4,)),
    "Huber": ((5, 4), (5, 4)),
    "Gated": ((5, 4), (4, 3), (4, 3)),
    "Bilinear": ((5, 4), (4, 3), (5, 3)),
    "Cosine": ((5, 4), (5, 4)),
    "Attention": ((5, 4), (6, 4), (6, 3)),
    "Rotation": ((5, 4), (2,)),
    "Mish": ((5, 4),),
    "Whitened": ((5, 4),),
    "CrossEntropy": ((5, 4), (5, 4)),
    "Lorentz": ((5, 4), (4,)),
}
"""The shapes of its inputs."""
POSITIVE = {"Lorentz": (1,), "Kernel": (2,)}
"""The inputs of which no element is near 0."""
NOT_ASKED = {"CrossEntropy": (1,), "Focal": (1,)}
"""The inputs that have no gradient."""
FIXED = other_functions.FIXED | {"Rotation": {4, 2}}
"""The extents that a forward counts on."""
HELD_OUT = (
    *("Gated", "Bilinear", "Cosine", "Rotation", "Mish", "Whitened", "Lorentz"),
    *other_functions.HELD_OUT,
)
"""Those that were set aside when the rules were looked at."""


class Planted(NamedTuple):
    """A Function with a mistake: its text, and the line of the mistake in it, from 1."""

    name: str
    text: str
    line: int
    wrong: str


def text_of(name: str) -> str:
    """Return a Function as a text."""
    lines = [line[8:] for line in FUNCTIONS[name].strip("\n").splitlines()]
    body = "\n".join(
        f"    @staticmethod\n    {line}" if line.startswith("def ") else f"    {line}" for line in lines
    )
    return f"import torch\n\n\nclass {name}(torch.autograd.Function):\n{body.rstrip()}\n"


def mistakes(name: str) -> Iterator[Planted]:
    """Yield a Function with each of the mistakes in it."""
    text = text_of(name)
    tree = ast.parse(text)
    (kind,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    backward = kind.body[-1]
    assert isinstance(backward, ast.FunctionDef)
    seen = {ast.unparse(tree)}
    for statement, new, wrong in _changed(name, text, backward):
        if new not in seen:
            seen.add(new)
            yield Planted(name, new, statement.lineno, wrong)


def _changed(name: str, text: str, backward: ast.FunctionDef) -> Iterator[tuple[ast.stmt, str, str]]:
    """Yield a statement, the text with a mistake in it, and what stands there then."""
    is_other = name in other_functions.FUNCTIONS
    of: Callable[[ast.AST], Iterator[ast.expr]] = changes
    if is_other:
        body = [one for statement in backward.body for one in ast.walk(statement)]
        found = {one.id for one in body if isinstance(one, ast.Name)}
        of = partial(other_functions.changes, names=frozenset(found - {"torch", "ctx", "range", "len"}))
    for statement in ast.walk(backward) if is_other else backward.body:
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return) or not statement.value:
            continue
        if "saved_tensors" in ast.unparse(statement):
            continue
        for node in list(ast.walk(statement.value)):
            for changed in list(of(node)):
                yield statement, with_other(text, node, changed), ast.unparse(changed)
        for other in other_functions.other_statements(statement) if is_other else ():
            yield statement, with_other(text, statement, ast.parse(other).body[0]), other


def with_other(text: str, node: ast.AST, changed: ast.expr | ast.stmt) -> str:
    """Return the text with another expression, or statement, in the place of one."""
    assert isinstance(node, ast.expr | ast.stmt)
    lines = text.splitlines(keepends=True)
    line = lines[node.lineno - 1]
    if node.end_lineno != node.lineno:
        return text
    new = ast.unparse(changed) if isinstance(changed, ast.stmt) else f"({ast.unparse(changed)})"
    lines[node.lineno - 1] = f"{line[: node.col_offset]}{new}{line[node.end_col_offset :]}"
    return "".join(lines)


def changes(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what may stand in the place of an expression, by mistake."""
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            yield left
            yield right
        case ast.BinOp(left, ast.Div(), right):
            yield left
            yield ast.BinOp(left, ast.Mult(), right)
        case ast.BinOp(left, ast.Add(), right):
            yield left
            yield right
            yield ast.BinOp(left, ast.Sub(), right)
        case ast.BinOp(left, ast.Sub(), right):
            yield left
            yield ast.BinOp(left, ast.Add(), right)
            yield ast.BinOp(right, ast.Sub(), left)
        case ast.BinOp(left, ast.Pow(), right):
            yield left
        case ast.UnaryOp(ast.USub(), operand):
            yield operand
        case ast.Call(ast.Attribute(value, "sum"), _, _):
            assert isinstance(node, ast.Call)
            yield ast.Call(ast.Attribute(value, "mean", ast.Load()), node.args, node.keywords)
        case ast.Call(ast.Attribute(value, "mean"), _, _):
            assert isinstance(node, ast.Call)
            yield ast.Call(ast.Attribute(value, "sum", ast.Load()), node.args, node.keywords)
        case ast.Constant(float(number) | int(number)) if type(number) is not bool and number not in (0, -1):
            yield ast.Constant(number + 1)
        case ast.Name(name) if name not in ("torch", "ctx"):
            yield ast.UnaryOp(ast.USub(), node)
            yield ast.BinOp(ast.Constant(2), ast.Mult(), node)
