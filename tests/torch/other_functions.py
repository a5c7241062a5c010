"""More Functions of our own, and mistakes of other kinds that are planted in them; see `planted`.

Here nothing is scaled and no term is lost: a transposition is forgotten or put in, operands of a product
change places, another axis is summed up, another name is read, a call or a whole statement is left out, a
condition is turned round, branches or gradients are exchanged, what should be added up is written over.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator

FUNCTIONS = {
    "Kernel": """
        def forward(ctx, x, y, scale):
            d2 = (x * x).sum(1, keepdim=True) + (y * y).sum(1) - 2 * x @ y.t()
            k = torch.exp(-d2 * scale)
            ctx.save_for_backward(x, y, scale, d2, k)
            return k
        def backward(ctx, dk):
            x, y, scale, d2, k = ctx.saved_tensors
            dscale = -(dk * k * d2).sum()
            dd2 = -dk * k * scale
            dx = 2 * (dd2.sum(1, keepdim=True) * x - dd2 @ y)
            dy = 2 * (dd2.sum(0).unsqueeze(1) * y - dd2.t() @ x)
            return dx, dy, dscale
    """,
    "LstmCell": """
        def forward(ctx, x, h, c, w, b):
            z = torch.cat([x, h], 1)
            i, f, g, o = (z @ w + b).chunk(4, 1)
            i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
            c_next = f * c + i * g
            t = c_next.tanh()
            ctx.save_for_backward(z, c, w, i, f, g, o, t)
            ctx.n = x.shape[1]
            return o * t, c_next
        def backward(ctx, dh, dc_next):
            z, c, w, i, f, g, o, t = ctx.saved_tensors
            do = dh * t
            dc = dc_next + dh * o * (1 - t * t)
            di = dc * g
            df = dc * c
            dg = dc * i
            da = torch.cat([di * i * (1 - i), df * f * (1 - f), dg * (1 - g * g), do * o * (1 - o)], 1)
            dz = da @ w.t()
            dw = z.t() @ da
            db = da.sum(0)
            return dz[:, : ctx.n], dz[:, ctx.n :], dc * f, dw, db
    """,
    "Logsumexp": """
        def forward(ctx, x):
            m = x.amax(1, keepdim=True)
            e = torch.exp(x - m)
            s = e.sum(1, keepdim=True)
            ctx.save_for_backward(e, s)
            return (m + torch.log(s)).squeeze(1)
        def backward(ctx, dy):
            e, s = ctx.saved_tensors
            p = e / s
            return dy.unsqueeze(1) * p
    """,
    "Averaged": """
        def forward(ctx, x, a):
            rows = [x[0]]
            for t in range(1, len(x)):
                rows.append(a * rows[-1] + (1 - a) * x[t])
            out = torch.stack(rows)
            ctx.save_for_backward(x, a, out)
            return out
        def backward(ctx, g):
            x, a, out = ctx.saved_tensors
            dx = torch.zeros_like(x)
            da = torch.zeros_like(a)
            carry = torch.zeros_like(a)
            for t in range(len(x) - 1, 0, -1):
                total = g[t] + carry
                dx[t] = total * (1 - a)
                da += total * (out[t - 1] - x[t])
                carry = total * a
            dx[0] = g[0] + carry
            return dx, da
    """,
    "GroupNorm": """
        def forward(ctx, x, gamma, beta):
            v = x.view(len(x), 2, -1)
            mean = v.mean(2, keepdim=True)
            std = torch.sqrt(v.var(2, unbiased=False, keepdim=True) + 1e-5)
            hat = ((v - mean) / std).view_as(x)
            ctx.save_for_backward(hat, std, gamma)
            return gamma * hat + beta
        def backward(ctx, dy):
            hat, std, gamma = ctx.saved_tensors
            dgamma = (dy * hat).sum(0)
            dbeta = dy.sum(0)
            d = (dy * gamma).view(len(dy), 2, -1)
            h = hat.view_as(d)
            inner = d - d.mean(2, keepdim=True) - h * (d * h).mean(2, keepdim=True)
            return (inner / std).view_as(dy), dgamma, dbeta
    """,
    "Convolved": """
        def forward(ctx, x, w):
            parts = x.unfold(2, 3, 1)
            ctx.save_for_backward(x, w)
            return torch.einsum("nclk,ock->nol", parts, w)
        def backward(ctx, dy):
            x, w = ctx.saved_tensors
            parts = x.unfold(2, 3, 1)
            dw = torch.einsum("nol,nclk->ock", dy, parts)
            dparts = torch.einsum("nol,ock->nclk", dy, w)
            dx = torch.zeros_like(x)
            n = dy.shape[2]
            for k in range(3):
                dx[:, :, k : k + n] += dparts[:, :, :, k]
            return dx, dw
    """,
    "Pooled": """
        def forward(ctx, x, w):
            v = (x * w).view(len(x), -1, 2)
            m, place = v.max(2)
            ctx.save_for_backward(x, w, place)
            return m
        def backward(ctx, dy):
            x, w, place = ctx.saved_tensors
            dv = torch.zeros(len(x), dy.shape[1], 2, dtype=dy.dtype)
            dv.scatter_(2, place.unsqueeze(2), dy.unsqueeze(2))
            dv = dv.view_as(x)
            dx = dv * w
            dw = (dv * x).sum(0)
            return dx, dw
    """,
    "Embedded": """
        def forward(ctx, w, s):
            places = torch.tensor([[0, 2], [1, 2], [2, 4]])
            ctx.save_for_backward(w, s, places)
            return (w[places] * s.unsqueeze(2)).sum(1)
        def backward(ctx, dy):
            w, s, places = ctx.saved_tensors
            ds = (w[places] * dy.unsqueeze(1)).sum(2)
            rows = (dy.unsqueeze(1) * s.unsqueeze(2)).reshape(-1, w.shape[1])
            dw = torch.zeros_like(w)
            dw.index_add_(0, places.reshape(-1), rows)
            return dw, ds
    """,
    "Gelu": """
        def forward(ctx, x):
            u = 0.7978845608 * (x + 0.044715 * x ** 3)
            t = torch.tanh(u)
            ctx.save_for_backward(x, t)
            return 0.5 * x * (1 + t)
        def backward(ctx, dy):
            x, t = ctx.saved_tensors
            du = 0.7978845608 * (1 + 3 * 0.044715 * x * x)
            left = 0.5 * (1 + t)
            right = 0.5 * x * (1 - t * t) * du
            return dy * (left + right)
    """,
    "Divergence": """
        def forward(ctx, mu, logvar, prior):
            gap = mu - prior
            var = torch.exp(logvar)
            ctx.save_for_backward(gap, var)
            return 0.5 * (var + gap ** 2 - 1 - logvar).sum(1).mean()
        def backward(ctx, dy):
            gap, var = ctx.saved_tensors
            scale = dy / len(gap)
            dmu = scale * gap
            dlogvar = 0.5 * scale * (var - 1)
            dprior = -dmu.sum(0)
            return dmu, dlogvar, dprior
    """,
    "Focal": """
        def forward(ctx, logits, target):
            y = (target > 0).to(logits.dtype)
            p = torch.sigmoid(logits)
            q = y * p + (1 - y) * (1 - p)
            ctx.save_for_backward(y, p, q)
            return (-((1 - q) ** 2) * torch.log(q)).mean()
        def backward(ctx, dy):
            y, p, q = ctx.saved_tensors
            dq = 2 * (1 - q) * torch.log(q) - (1 - q) ** 2 / q
            dp = dq * (2 * y - 1)
            dlogits = dy * dp * p * (1 - p) / p.numel()
            return dlogits, None
    """,
    "Triplet": """
        def forward(ctx, anchor, near, far):
            apart = ((anchor - near) ** 2).sum(1) - ((anchor - far) ** 2).sum(1) + 1
            active = apart > 0
            ctx.save_for_backward(anchor, near, far, active)
            return torch.clamp(apart, min=0).mean()
        def backward(ctx, dy):
            anchor, near, far, active = ctx.saved_tensors
            scale = 2 * dy * active.to(anchor.dtype).unsqueeze(1) / len(anchor)
            danchor = scale * (far - near)
            dnear = scale * (near - anchor)
            dfar = scale * (anchor - far)
            return danchor, dnear, dfar
    """,
    "Causal": """
        def forward(ctx, q, k, v):
            hidden = torch.triu(torch.ones(len(q), len(k)), 1) == 1
            s = (q.mm(k.t()) / 3 ** 0.5).masked_fill(hidden, float("-inf"))
            p = torch.softmax(s, 1)
            ctx.save_for_backward(q, k, v, p)
            return p.mm(v)
        def backward(ctx, dy):
            q, k, v, p = ctx.saved_tensors
            dv = p.t().mm(dy)
            dp = dy.mm(v.t())
            inner = (dp * p).sum(1, keepdim=True)
            ds = (dp - inner) * p / 3 ** 0.5
            dq = ds.mm(k)
            dk = ds.t().mm(q)
            return dq, dk, dv
    """,
    "WeightNorm": """
        def forward(ctx, x, v, g):
            norm = v.norm(dim=1, keepdim=True)
            w = g.unsqueeze(1) * v / norm
            ctx.save_for_backward(x, v, g, norm, w)
            return x @ w.t()
        def backward(ctx, dy):
            x, v, g, norm, w = ctx.saved_tensors
            dx = dy @ w
            dw = dy.t() @ x
            unit = v / norm
            dg = (dw * unit).sum(1)
            along = unit * (dw * unit).sum(1, keepdim=True)
            dv = g.unsqueeze(1) / norm * (dw - along)
            return dx, dv, dg
    """,
    "Selu": """
        def forward(ctx, x, slope):
            is_up = x > 0
            low = torch.exp(x) - 1
            ctx.save_for_backward(x, slope, is_up, low)
            return torch.where(is_up, x, slope * low)
        def backward(ctx, dy):
            x, slope, is_up, low = ctx.saved_tensors
            dx = torch.where(is_up, dy, dy * slope * torch.exp(x))
            dslope = (dy * low * (~is_up)).sum(0)
            return dx, dslope
    """,
    "Coupled": """
        def forward(ctx, x, w, v):
            a, b = x.chunk(2, 1)
            s = torch.tanh(a @ w)
            e = torch.exp(s)
            ctx.save_for_backward(a, b, w, v, s, e)
            return torch.cat([a, b * e + a @ v], 1)
        def backward(ctx, dy):
            a, b, w, v, s, e = ctx.saved_tensors
            da, dout = dy.chunk(2, 1)
            db = dout * e
            ds = dout * b * e * (1 - s * s)
            dw = a.t() @ ds
            dv = a.t() @ dout
            da = da + ds @ w.t() + dout @ v.t()
            return torch.cat([da, db], 1), dw, dv
    """,
    "Quadratic": """
        def forward(ctx, x, m):
            ctx.save_for_backward(x, m)
            return (x @ m * x).sum(1)
        def backward(ctx, dy):
            x, m = ctx.saved_tensors
            g = dy.unsqueeze(1)
            dx = g * (x @ m + x @ m.t())
            dm = x.t() @ (g * x)
            return dx, dm
    """,
    "BatchNorm": """
        def forward(ctx, x, gamma, beta):
            mu = x.mean(0)
            xc = x - mu
            var = (xc ** 2).mean(0)
            inv = 1 / torch.sqrt(var + 1e-5)
            ctx.save_for_backward(xc, inv, gamma)
            return gamma * xc * inv + beta
        def backward(ctx, dout):
            xc, inv, gamma = ctx.saved_tensors
            n = len(xc)
            dbeta = dout.sum(0)
            dgamma = (dout * xc * inv).sum(0)
            dhat = dout * gamma
            dinv = (dhat * xc).sum(0)
            dvar = -0.5 * inv ** 3 * dinv
            dxc = dhat * inv
            dxc += 2 * xc * dvar / n
            dmu = -dxc.sum(0)
            dx = dxc + dmu / n
            return dx, dgamma, dbeta
    """,
}
"""What a Function is called -> its body."""
INPUTS = {
    "Kernel": ((5, 4), (6, 4), ()),
    "LstmCell": ((5, 3), (5, 4), (5, 4), (7, 16), (16,)),
    "Logsumexp": ((5, 4),),
    "Averaged": ((5, 4), (4,)),
    "GroupNorm": ((4, 6), (6,), (6,)),
    "Convolved": ((2, 3, 8), (4, 3, 3)),
    "Pooled": ((5, 6), (6,)),
    "Embedded": ((5, 4), (3, 2)),
    "Gelu": ((5, 4),),
    "Divergence": ((5, 4), (5, 4), (4,)),
    "Focal": ((5, 4), (5, 4)),
    "Triplet": ((5, 4), (5, 4), (5, 4)),
    "Causal": ((4, 3), (4, 3), (4, 2)),
    "WeightNorm": ((5, 3), (4, 3), (4,)),
    "Selu": ((5, 4), (4,)),
    "Coupled": ((5, 4), (2, 2), (2, 2)),
    "Quadratic": ((5, 4), (4, 4)),
    "BatchNorm": ((5, 4), (4,), (4,)),
}
"""The shapes of its inputs."""
FIXED = {
    "LstmCell": {3, 4, 7, 16},
    "GroupNorm": {6},
    "Convolved": {3, 8},
    "Pooled": {6},
    "Embedded": {5, 3, 2},
    "Coupled": {4, 2},
}
"""The extents that a forward counts on."""
HELD_OUT = tuple(random.Random(17).sample(sorted(FUNCTIONS), len(FUNCTIONS) // 2))
"""Those that were set aside before any result was looked at: half of them, drawn by lot."""
TWINS = {"cos": "sin", "sin": "cos", "tanh": "sigmoid", "sigmoid": "tanh", "exp": "log", "log": "exp"}
BRANCHES = 3
"""The arguments of `where`."""


def changes(node: ast.AST, names: frozenset[str] = frozenset()) -> Iterator[ast.expr]:
    """Yield what may stand in the place of an expression, by mistake; `names` are those there are."""
    match node:
        case ast.BinOp(left, ast.MatMult(), right):
            yield ast.BinOp(right, ast.MatMult(), left)
            yield ast.BinOp(_transposed(left), ast.MatMult(), right)
            yield ast.BinOp(left, ast.MatMult(), _transposed(right))
        case ast.Call(ast.Attribute(value, "t"), [], []):
            yield value
        case ast.Call(ast.Attribute(left, "mm"), [right], []):
            yield ast.Call(ast.Attribute(right, "mm", ast.Load()), [left], [])
        case ast.Call(ast.Attribute(ast.Name("torch") as torch, name), arguments, keywords):
            if name in TWINS:
                yield arguments[0]
                yield ast.Call(ast.Attribute(torch, TWINS[name], ast.Load()), arguments, keywords)
            if name == "where" and len(arguments) == BRANCHES:
                yield ast.Call(node.func, [arguments[0], arguments[2], arguments[1]], keywords)
        case ast.Call(ast.Attribute(value, "sum" | "mean"), [ast.Constant(int(axis))], keywords):
            yield ast.Call(node.func, [ast.Constant(0 if axis else 1)], keywords)
            if keywords:
                yield ast.Call(node.func, node.args, [])
        case ast.UnaryOp(ast.Invert(), operand):
            yield operand
        case ast.BinOp(ast.Name() as left, ast.Sub(), ast.Constant(1)):
            yield left
        case ast.Subscript(value, ast.Tuple([first, ast.Slice(lower, upper)])) if lower or upper:
            other = ast.Slice(upper, lower)
            yield ast.Subscript(value, ast.Tuple([first, other], ast.Load()), ast.Load())
        case ast.Tuple([first, second, *rest]):
            yield ast.Tuple([second, first, *rest], ast.Load())
        case ast.List([first, second, *rest]):
            yield ast.List([second, first, *rest], ast.Load())
        case ast.Name(name) if name in names:
            place = node.lineno * 100 + node.col_offset
            yield ast.Name(random.Random(place).choice(sorted(names - {name})), ast.Load())


def _transposed(node: ast.expr) -> ast.expr:
    """Return an expression transposed; what is so already is what it was before."""
    match node:
        case ast.Call(ast.Attribute(value, "t"), [], []):
            return value
    return ast.Call(ast.Attribute(node, "t", ast.Load()), [], [])


def other_statements(statement: ast.stmt) -> Iterator[str]:
    """Yield what may stand in the place of a whole statement, by mistake."""
    match statement:
        case ast.AugAssign(target, operator, value):
            yield f"{ast.unparse(target)} = {ast.unparse(value)}"
            yield "pass"
            other = ast.Sub() if isinstance(operator, ast.Add) else ast.Add()
            yield ast.unparse(ast.AugAssign(target, other, value))
        case ast.Assign([ast.Name(name)], value) if any(
            isinstance(one, ast.Name) and one.id == name for one in ast.walk(value)
        ):
            yield "pass"
        case ast.Assign([ast.Name("carry")], _):
            yield "pass"
