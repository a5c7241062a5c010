"""Custom Functions with what goes wrong in them, or looks as if it did; see `test_backward`."""

# ruff: noqa: RUF059
from __future__ import annotations

import torch
from torch.utils.checkpoint import checkpoint


class Twice(torch.autograd.Function):
    """right; early bound"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x


early = Twice.apply


class Right(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x.exp()


class Alias(torch.autograd.Function):
    """writes dX over dY before it is read"""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        dx = dy.mul_(w)
        dw = (dy * x).sum(0)
        return dx, dw


class Wide(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, b):
        return x + b

    @staticmethod
    def backward(ctx, g):
        return g, g


class Missing(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, None


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return (x > 0).to(x.dtype)

    @staticmethod
    def backward(ctx, g):
        return g


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, g):
        return -g


class Two(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        s = torch.sign(x)
        ctx.mark_non_differentiable(s)
        return x * y, x + y, s

    @staticmethod
    def backward(ctx, g1, g2, g3):
        x, y = ctx.saved_tensors
        return g1 * y + g2, g1 * x - g2


class Split(torch.autograd.Function):
    """writes to a piece, and so to what was split, of which torch says nothing"""

    @staticmethod
    def forward(ctx, x):
        out = x.clone()
        a, b = torch.unsafe_split(out, 2, dim=1)
        a.mul_(b)
        ctx.save_for_backward(x)
        return out

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors[0].split(2, dim=1)
        ga, gb = g.split(2, dim=1)
        return torch.cat([ga * b, ga * a + gb], dim=1)


class Views(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        out = x.clone()
        out[:, 0] *= 2
        out[:, 1:].mul_(3)
        out.t()[2] += x[:, 0]
        return out

    @staticmethod
    def backward(ctx, g):
        dx = torch.zeros_like(g)
        dx[:, 0] = 2 * g[:, 0] + g[:, 2]
        dx[:, 1:] += 3 * g[:, 1:]
        return dx


class New(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return torch.tanh(x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * (1 - out)


class Opaque(torch.autograd.Function):
    """numpy inside"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.from_numpy(x.detach().numpy() ** 3)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * g * x


class Spreading(torch.autograd.Function):
    """right; an operation that no table knows writes to a buffer"""

    @staticmethod
    def forward(ctx, x):
        ctx.rows = torch.tensor([0, 2, 2, 1, 4, 4])
        ctx.shape = x.shape
        return 3 * x[ctx.rows]

    @staticmethod
    def backward(ctx, g):
        dx = torch.zeros(ctx.shape, dtype=g.dtype)
        dx.scatter_reduce_(0, ctx.rows.unsqueeze(1).expand_as(g), g, "sum")
        dx.index_add_(0, ctx.rows, g, alpha=2)
        return dx


class Root(torch.autograd.Function):
    """right; where y³ + y is x, by halving an interval a few times: no step of that has the derivative"""

    @staticmethod
    def forward(ctx, x):
        low, high = -1 - x.abs(), 1 + x.abs()
        for _ in range(26):
            middle = (low + high) / 2
            is_under = middle**3 + middle < x
            low, high = torch.where(is_under, middle, low), torch.where(is_under, high, middle)
        ctx.save_for_backward(low)
        return low

    @staticmethod
    def backward(ctx, g):
        (root,) = ctx.saved_tensors
        return g / (3 * root * root + 1)


class WrongRoot(Root):
    @staticmethod
    def backward(ctx, g):
        (root,) = ctx.saved_tensors
        return g / (2 * root * root + 1)


class Spread(torch.autograd.Function):
    """a sparse matrix, which is not transposed on the way back"""

    @staticmethod
    def forward(ctx, x, values):
        places = torch.tensor([[0, 1, 4, 2], [1, 3, 0, 2]])
        matrix = torch.sparse_coo_tensor(places, values, (5, 5), check_invariants=False)
        ctx.save_for_backward(matrix, x)
        return torch.matmul(matrix, x)

    @staticmethod
    def backward(ctx, g):
        matrix, x = ctx.saved_tensors
        rows, columns = matrix._indices()
        return matrix.matmul(g), (g[rows] * x[columns]).sum(1)


def checkpointed(x):
    return checkpoint(early, x, use_reentrant=False)


def batched(x):
    return torch.vmap(New.apply)(x)


def mixed(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return early(x.float() @ x.float().t())


def mixed_right(x):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return Right.apply(x.float() @ x.float().t() / 8)


def checkpointed_right(x):
    return checkpoint(Right.apply, x, use_reentrant=False)


def compiled(x):
    return torch.compile(Right.apply, backend="eager")(x)


def hooked(x):
    y = Right.apply(x)
    y.register_hook(lambda g: g * 2)
    return y.sum()


def both(x):
    return Two.apply(x, x)[0]
