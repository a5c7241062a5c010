"""A script with hooks computes what it computes without: over the syntax, and over random programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.script.running_twice import instrumented, plain
from tests.tiers import few

ROOT = Path(__file__).parents[3]
SNIPPETS = {
    "order of evaluation": """
def say(x):
    print(x)
    return x
box = {1: 10, 2: [1, 2, 3]}
def get():
    print("get")
    return box
get()[say(1)] = say(5)
get()[say(1)] += say(7)
get()[say(2)][say(0)], y = say(8), say(9)
z = say(1) + say(2) * say(3)
print(say(1) < say(2) < say(3), say(3) < say(2) < say(1))
dict(a=say(1), **{"b": say(2)})
print(*[say(1), say(2)], sep=say("-"))
a = b = get()[say(3)] = say(4)
del get()[say(3)]
print(box, y, z, a, b)
""",
    "augmented assignment": """
class Loud:
    def __init__(self): self.x = 1
    def __iadd__(self, other):
        print("iadd", other)
        return self
    def __getitem__(self, i):
        print("get", i)
        return 5
    def __setitem__(self, i, v): print("set", i, v)
    @property
    def p(self):
        print("p")
        return 3
    @p.setter
    def p(self, v): print("p =", v)
l = Loud()
l += 1
l[1:2] += 2
l[0, ...] -= 3
l.p **= 2
l.x <<= 4
n = 5
n //= 2; n %= 3; n |= 8; n ^= 1; n >>= 1; n &= 7; n @= Loud() if False else 1
""",
    "lists share": """
a = [1.0, 2.0]
b = a
a += [3.0]
a *= 2
print(a, b, a is b)
c = (a, b)
try:
    c[0] += [4.0]
except TypeError as error:
    print(error, a)
""",
    "private names and slots": """
class _Net:
    __slots__ = ("__w", "b")
    def __init__(self):
        self.__w = [1.5]
        self.b = 0.5
        self.__w[0] += 1.0
        self.__step()
    def __step(self):
        self.__w = [w * 2 for w in self.__w]
        self.b += sum(self.__w)
    def get(self): return self.__w, self.b
print(_Net().get())
""",
    "super, classes, decorators": """
import functools
def twice(f):
    @functools.wraps(f)
    def wrapper(*a, **k):
        return f(*a, **k) + f(*a, **k)
    return wrapper
class A:
    n = 2.0
    def f(self, x): return x * self.n
    @classmethod
    def c(cls): return cls.n + 1
    @staticmethod
    def s(x): return -x
class B(A, metaclass=type):
    'docs'
    n = 3.0
    def f(self, x):
        "also docs"
        return super().f(x) + super(B, self).f(x)
    f2 = twice(f)
    def __call__(self, *, x=1.0): return __class__.__name__, x
print(B().f(2.0), B().f2(1.0), B.c(), B.s(4), B()(x=2.5), B.__doc__, B.f.__doc__, B.f.__name__)
""",
    "closures and nonlocal": """
def counter(start=0.5):
    total = start
    def add(x):
        nonlocal total
        total += x
        return total
    return add, lambda: total
add, get = counter()
add(1.0); add(2.0)
print(get(), [f(3) for f in [lambda x, k=k: x * k for k in range(3)]])
g = 1.0
def change():
    global g
    g = g + 1.0
    g *= 2
change()
print(g)
""",
    "generators": """
def numbers(n):
    try:
        for i in range(n):
            got = yield i * 1.5
            if got: print("got", got)
    finally:
        print("closed")
    return "end"
def outer():
    result = yield from numbers(2)
    yield result
print(list(outer()))
g = numbers(5)
print(next(g), g.send("x"), g.close())
for x in numbers(5):
    if x > 1: break
print(sum(x * x for x in numbers(3)), tuple(x for x in (y for y in [1, 2]) if x % 2))
""",
    "comprehensions": """
m = [[i * j for j in range(3) if j != 1] for i in range(3)]
d = {k: v for k, v in zip("abc", (x / 2 for x in range(3)))}
s = {x % 2 for x in range(5)}
x = "outer"
print(m, d, s, [x for x in range(2)], x, [y := 5, y ** 2], y)
class C:
    k = 2
    items = [i for i in range(k)]
print(C.items)
""",
    "unpacking": """
a, (b, *c), d = 1, (2, 3, 4), 5
(e, f), g = [x for x in ((1, 2), 3)]
*h, i = range(4)
[j, k] = iter("xy")
for n, (p, q) in enumerate([(1, 2), (3, 4)]):
    print(n, p, q)
def returns(): return 1.0, 2.0
u, v = w = returns()
print(a, b, c, d, e, f, g, h, i, j, k, u, v, w)
for bad in ((1, 2, 3), iter([1]), 5):
    try:
        r, s = bad
    except (ValueError, TypeError) as error:
        print(error)
""",
    "with, try, else, finally": """
from contextlib import contextmanager, suppress
@contextmanager
def block(name):
    print("in", name)
    try:
        yield [name]
    finally:
        print("out", name)
class O: pass
o = O()
with block("a") as o.x, block("b") as (y,):
    print(o.x, y)
def f(n):
    try:
        if n == 0: return 1 / n
        if n == 1: raise KeyError(n)
        return "ok"
    except ZeroDivisionError as error:
        return str(error)
    except KeyError:
        raise ValueError("v") from None
    else:
        return "else"
    finally:
        print("finally", n)
print(f(0), f(2))
with suppress(ValueError):
    f(1)
try:
    raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
except* ValueError as group:
    print(len(group.exceptions))
except* TypeError:
    print("t")
""",
    "match and walrus": """
from dataclasses import dataclass
@dataclass
class P:
    x: float
    y: float = 0.0
def f(v):
    match v:
        case P(x=0.0): return "origin"
        case P(x, y) if x > (s := y): return x - s
        case [1, *rest]: return rest
        case {"k": k, **more}: return k, more
        case "a" | "b": return "letter"
        case None: return None
        case _: return "other"
print([f(v) for v in (P(0.0), P(3.0, 1.0), [1, 2, 3], {"k": 1, "l": 2}, "b", None, 5)])
while (n := len(f([1, 2]))) > 5: pass
print(n)
""",
    "async": """
import asyncio
async def numbers():
    for i in range(3):
        await asyncio.sleep(0)
        yield i * 0.5
class Block:
    async def __aenter__(self): return 2.0
    async def __aexit__(self, *a): return False
async def main():
    total = 0.0
    async for x in numbers():
        total += x
    async with Block() as b:
        total *= b
    return total, [x async for x in numbers()], await asyncio.gather(asyncio.sleep(0, 1.5))
print(asyncio.run(main()))
""",
    "names of the frame": """
def f(a, b=2.0):
    c = a + b
    (d, e), g = (1.0, 2.0), 3.0
    a += 1.0
    return sorted(locals())
print(f(1.0), f.__code__.co_varnames, f.__defaults__)
class C:
    x = 1.0
    y = x + 1
    z = sorted(n for n in vars() if n[0] != "_")
print(C.z)
print([n for n in sorted(globals()) if not n.startswith("__")])
print(eval("1.5 + 2"), [exec("t = 3.0"), t])
""",
    "annotations": """
import typing
x: int = 3
y: "undefined"
class T(typing.NamedTuple):
    a: float
    b: list[int] = []
def f(q: typing.Optional[int] = None) -> dict[str, int]: return {"q": q}
print(T(1.0), f.__annotations__, __annotations__, T.__annotations__)
""",
    "numbers and shapes": """
import numpy as np
rng = np.random.default_rng(0)
x = rng.normal(size=(4, 3))
w = np.ones((3, 2)); b = np.zeros(2)
z = x @ w + b
a = np.maximum(z, 0)
a[a < 0.5] *= 0.1
v = a[:, 0]
v += 1
a[[0, 1], 1] = [5.0, 6.0]
a[1:3, ::2] -= a.mean()
row, col = a.T[0], a.T[1]
r1, r2, *rest = x
for i, r in enumerate(x): r -= r.mean()
np.add.at(b, [0, 0, 1], 1.5)
np.clip(a, -1, 1, out=a)
u, s, vt = np.linalg.svd(x, full_matrices=False)
s.shape = (3, 1)
s.shape += (1,)
x.sort(axis=0)
total = sum(x)
parts = [p * 2 for p in np.split(x, 2)]
q = np.where(x > 0, x, -x)[..., None]
p = np.einsum("ij,jk->ik", x, w)
ints = np.arange(6).reshape(2, 3) // 2
ints[0] |= 1
flags = (x > 0) & ~(x > 1)
f32 = np.float32(1.5) * np.ones(2, dtype=np.float32)
f32 += 0.1
w.flat[2] = 9
""",
    "keys with braces and percents": """
import numpy as np
held = {}
for key in ("{220}", "{", "}}", "%s", "{0!r}", "a\\n[b]"):
    held[key] = (np.ones(2) * 2, [3.0, 4.0])
    held[key + key] = np.ones(2)
    held[key][1][0] += 1.0
print(held)
""",
    "numbers without arrays": """
import math, random
from functools import reduce
random.seed(1)
w = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(2)]
x = [0.5, -1.0, 2.0]
h = [math.tanh(sum(wi * xi for wi, xi in zip(row, x))) for row in w]
w[0][1] += 0.1 * h[0]
w[-1][-1] -= 0.1 * h[1]
x[1:] = [v * 2 for v in x[1:]]
best = max(h); small = min(h, key=abs)
prod = reduce(lambda p, q: p * q, x)
m, k = divmod(7.5, 2)
t = round(prod, 2), abs(-prod), pow(2.0, 3), +prod, -prod, 2 ** -1, 7 // 2, 7 % 3, not prod
print(w, x, h, best, small, prod, m, k, t, 1 if prod > 0 else 2)
""",
}


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_does_what_it_did(name: str) -> None:
    expected = plain(SNIPPETS[name])
    assert instrumented(SNIPPETS[name])[0] == expected
    assert instrumented(SNIPPETS[name], on=False)[0] == expected


RAISING = [
    "x = [1.0, 2.0]\ny = x[\n  5\n] + 1.0\n",
    "def f(a):\n    '''docs'''\n    return (a +\n            'x')\n\nf(\n 1.0)\n",
    "class A:\n    def g(self):\n        self.x.y = 1.0\nA().g()\n",
    "import numpy as np\nw = np.ones((2, 3))\n\nw = (w @\n     np.ones((2, 2)))\n",
    "def f(): return f(1)\nfor i in [1]:\n    f()\n",
    "a = 1.0\na += 'x'\n",
    "x = {}\nx['k'] += 1\n",
    "import numpy as np\nw = np.ones(2)\nw[3:9, 0] = 1.0\n",
    "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    assert not e.__traceback__.tb_next\n    raise\n",
]


@pytest.mark.parametrize("source", RAISING)
def test_an_exception_is_raised_where_it_was(source: str) -> None:
    expected = plain(source)
    assert expected.error
    assert instrumented(source)[0] == expected


# ---- random programs

LEAVES = st.sampled_from(
    ["a", "b", "c", "d", "1.5", "2", "x[0]", "x[1:]", "x.T", "y[k]", "s", "m", "d['w']", "o.w"]
)


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**", "<", ">=", "@"]), inner)
    return st.one_of(
        binary.map(lambda parts: f"({' '.join(parts)})"),
        inner.map(lambda text: f"(-{text})"),
        inner.map(lambda text: f"f({text})"),
        inner.map(lambda text: f"np.tanh({text})"),
        inner.map(lambda text: f"np.sum({text}, axis=0)"),
        inner.map(lambda text: f"(lambda q: q * 2)({text})"),
        st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if np.all({p[1]}) else {p[2]})"),
        inner.map(lambda text: f"sum([{text} for _ in range(2)])"),
    )


EXPRESSIONS = st.recursive(LEAVES, _extend, max_leaves=5)
TARGETS = st.sampled_from(
    ["a", "b", "c", "d['w']", "o.w", "x[0]", "x[:, 1]", "y[k]", "x[x > 1]", "l[0]", "l[-1]"]
)
SIMPLE = st.one_of(
    st.tuples(TARGETS, EXPRESSIONS).map(lambda p: f"{p[0]} = {p[1]}"),
    st.tuples(TARGETS, st.sampled_from(["+", "-", "*"]), EXPRESSIONS).map(lambda p: f"{p[0]} {p[1]}= {p[2]}"),
    st.tuples(TARGETS, TARGETS, EXPRESSIONS, EXPRESSIONS).map(lambda p: f"{p[0]}, {p[1]} = {p[2]}, {p[3]}"),
    EXPRESSIONS.map(lambda text: f"l.append({text})"),
    st.tuples(TARGETS, EXPRESSIONS).map(lambda p: f"for {p[0]} in [{p[1]}, 1.0]: a = a * 1.0"),
    EXPRESSIONS.map(lambda text: f"v = x[1]\nv += np.mean({text})"),
    EXPRESSIONS.map(lambda text: f"np.copyto(y, {text})"),
)
GUARDED = SIMPLE.map(lambda text: "try:\n" + "\n".join(f"    {line}" for line in text.split("\n")))
PROGRAMS = st.lists(GUARDED, min_size=1, max_size=8).map(
    lambda blocks: (
        START + "\n".join(f"{block}\nexcept Exception as e:\n    print(type(e), e)" for block in blocks)
    )
)
START = """
import numpy as np
x = np.arange(6.0).reshape(2, 3); y = np.linspace(-1, 1, 3); s = np.float64(0.5); m = y > 0
class O: pass
o = O(); o.w = 0.25; d = {'w': np.ones((3, 3))}; l = [1.0, y]; k = 1
a = 0.5; b = np.ones(3); c = x
def f(z):
    return 1 / (1 + np.exp(-z))
"""


@given(PROGRAMS)
def test_random_programs_compute_the_same(source: str) -> None:
    assert instrumented(source)[0] == plain(source)


# ---- CPython's own tests of the syntax that is touched

CPYTHON = [
    "test_augassign",
    "test_compare",
    "test_class",
    "test_decorators",
    "test_dictcomps",
    "test_generators",
    "test_genexps",
    "test_global",
    "test_grammar",
    "test_keywordonlyarg",
    "test_listcomps",
    "test_named_expressions",
    "test_property",
    "test_scope",
    "test_setcomps",
    "test_super",
    "test_unpack",
    "test_unpack_ex",
    "test_with",
    "test_yield_from",
    "test_fstring",
    "test_dataclasses",
]

LIFETIMES = {
    "test_frame_resurrect (test.test_generators.FinalizationTest.test_frame_resurrect)",
    "testCellLeak (test.test_scope.ScopeTests.testCellLeak)",
}
"""What looks at when an object is freed: a recording keeps those that it has met."""


@pytest.mark.parametrize("name", few(CPYTHON, 2))
def test_cpythons_own_tests_pass_as_before(name: str, tmp_path: Path) -> None:
    # In a folder of their own: some write files, and tests may run side by side.
    command = [sys.executable, "-m", "tests.sources.script.cpythons_tests", name]
    paths = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=paths)
    results = json.loads(done.stdout)
    if name not in results:
        pytest.skip("this Python comes without its tests")
    (before, expected), (after, failed) = results[name]
    assert after == before > 0
    assert set(failed) - LIFETIMES <= set(expected)
