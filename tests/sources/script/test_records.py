"""What a recording promises: nodes are pure, environments those of then, programs give what was recorded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpdebug.sources.script import Recording, recomputed, record_script
from bpdebug.sources.script.case import case_of
from bpdebug.sources.script.evaluation import callable_again, evaluated
from bpdebug.sources.script.graph import is_random
from tests.sources.script.recording import recorded as recorded_text
from tests.tiers import examples, few

FOLDER = Path(__file__).parents[2] / "scripts" / "right"
SCRIPTS = sorted(FOLDER.glob("*.py")) + sorted(FOLDER.glob("*.ipynb")) + sorted(FOLDER.glob("*/main.py"))


def recorded(path: Path) -> Recording:
    with np.errstate(all="ignore"):
        return record_script(path)


def same(one: Any, other: Any) -> bool:
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


@pytest.fixture(scope="module", params=few(SCRIPTS, 4), ids=lambda path: str(path.relative_to(FOLDER)))
def recording(request: pytest.FixtureRequest) -> Recording:
    return recorded(request.param)


def test_every_node_is_a_pure_function_of_its_operands(recording: Recording) -> None:
    assert [node.id for node in recording.nodes] == list(range(len(recording.nodes)))
    for node in recording.nodes:
        assert all(parent.id < node.id for parent in node.parents())
        if node.function is not None and not is_random(node) and not isinstance(node.value, tuple):
            assert same(recomputed(node, lambda operand: operand.value), node.value), node


READ_GLOBALS = {"l2_penalty.py", "skip_gram.py"}
"""Here functions read variables of the module that are updated: called again, they read those of now."""


def test_an_expression_evaluated_again_gives_what_it_gave(recording: Recording) -> None:
    """Undoing the journal gives the environment of then; what is drawn is another each time."""
    draws = {node.id for node in recording.nodes if is_random(node)}
    draw = {recording.nodes[number].site.statement for number in draws if recording.nodes[number].site}
    count = 0
    for instance in recording.instances:
        if instance.node is None or instance.site.kind != "value" or instance.statement in draw:
            continue
        calls = instance.start < instance.time
        if calls and Path(recording.path).name in READ_GLOBALS:
            continue
        if draws & set(range(instance.start, instance.time)):
            continue
        with callable_again(recording), np.errstate(all="ignore"):
            again = evaluated(recording, instance, instance.site.code)
        assert same(again, instance.node.value), instance
        count += 1
    assert count > 5


def test_each_number_of_a_repeated_list_is_a_variable_of_its_own(tmp_path: Path) -> None:
    text = """
        import math
        b = [0.0] * 3
        print(math.nan in [math.nan] * 2, b == [0.0, 0.0, 0.0], len({id(one) for one in b}))
        """
    assert recorded_text(tmp_path, text).output == "True True 3\n"


def test_only_the_attributes_that_an_expression_reads_are_made(tmp_path: Path) -> None:
    text = """
        import numpy as np
        class Net:
            def __init__(self):
                self.w, self.v, self.kept = np.ones(2), np.ones(3), []
            def total(self):
                return self.w.sum() + self.v.sum()
            def step(self):
                self.w = self.w * 2
                self.kept.append(self.w)
                y = self.w + 1
                self.w = self.w * 3
                self.kept = [1.0]
        net = Net()
        net.step()
        """
    recording = recorded_text(tmp_path, text)
    (instance,) = [one for one in recording.instances if one.names == ("y",)]

    def asked(code: str) -> tuple[Any, set[str]]:
        names: set[str] = set()

        def value_of(node: Any) -> Any:
            names.update(node.names)
            return node.value

        with callable_again(recording):
            return evaluated(recording, instance, code, value_of), names

    value, names = asked("self.w - 1")
    assert value.tolist() == [1, 1]
    assert names.isdisjoint({"self.v", "self.w"}), "that is what the two were before, and are later"
    assert "self.v" in asked("self.total()")[1]
    assert asked("len(self.kept)")[0] == 1
    assert asked("self.kept[0].tolist()")[0] == [2, 2]
    assert asked("self.total()")[0] == 7
    assert asked("vars(self)['v'].size + self.w.size")[0] == 5


def test_the_program_gives_what_was_recorded(recording: Recording) -> None:
    case = case_of(recording)
    assert case.script is not None
    told = [re.search(r"differs by (\S+) of", sentence) for sentence in case.script.found]
    assert all(float(found[1]) < 5e-16 for found in told if found)
    assert not any("its shape" in sentence for sentence in case.script.found)


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
def test_values_are_kept_where_arrays_are_written_to(tmp_path: Path) -> None:
    script = tmp_path / "writes.py"
    script.write_text(
        "import numpy as np\n"
        "x = np.arange(6.0).reshape(2, 3)\n"
        "y = x * 2\n"
        "v = x[0]\n"
        "v[1] = 9\n"
        "z = x + 0\n"
        "x[:, 0] += 1\n"
        "w = v + 0\n"
        "x.T[2] = [7, 8]\n"
        "u = x + 0\n"
        "x.shape = (3, 2)\n"
        "t = x @ np.ones((2, 1))\n"
        "x.shape += (1,)\n"
        "x.real += 1\n"
        "s = x.sum(axis=0)\n"
    )
    recording = recorded(script)
    values = {name: node.value.tolist() for node in recording.nodes for name in node.names}
    assert values["z"] == [[0, 9, 2], [3, 4, 5]]
    assert values["w"] == [1, 9, 2]
    assert values["u"] == [[1, 9, 7], [4, 4, 8]]
    assert values["t"] == [[10], [11], [12]]
    assert values["s"] == [[15], [24]]
    by_line = {instance.site.line: instance for instance in recording.instances}
    assert by_line[2].node is not None
    assert by_line[2].node.value.tolist() == [[0, 1, 2], [3, 4, 5]]
    for node in recording.nodes:
        if node.function is not None:
            assert same(recomputed(node, lambda operand: operand.value), node.value)


VIEWS = (".T", "[0]", "[1:]", "[..., 0]", "[::-1]", ".ravel()", ".reshape(-1, 1)")
WRITES = (
    "{0} += 1.5",
    "{0} *= {1}.sum()",
    "{0}[0] = 7.0",
    "{0}[-1:] -= {1}.max()",
    "{0}[...] = {0} * 2",
    "{0}[{0} > 1] = 0.5",
    "np.add({0}, {1}.mean(), out={0})",
    "{0}.fill({1}.min())",
)


@st.composite
def writing(draw: st.DrawFn) -> str:
    """Draw a script that takes views of an array, writes through any of them, and reads any of them."""
    known: dict[str, Any] = {"np": np}
    lines = ["import numpy as np", "x0 = np.arange(6.0).reshape(2, 3)"]
    exec(lines[1], known)
    arrays = ["x0"]
    for number in range(1, draw(st.integers(2, 8))):
        array = st.sampled_from(arrays)
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(WRITES)).format(draw(array), draw(array)))
        else:
            lines.append(f"x{number} = {draw(array)}{draw(st.sampled_from(VIEWS))}")
        exec(lines[-1], known)
        if np.ndim(known.get(f"x{number}", 0.0)) and known[f"x{number}"].size:
            arrays.append(f"x{number}")
        lines.append(f"read{number} = {draw(array)} + 0")
        exec(lines[-1], known)
    return "\n".join(lines)


@examples(2)
@given(text=writing())
def test_what_is_read_is_what_was_there(text: str, tmp_path: Path) -> None:
    """Python itself says what is there; whatever was written to later, that is what is kept."""
    script = tmp_path / "writes.py"
    script.write_text(text)
    there: dict[str, Any] = {}
    exec(text, there)
    recording = recorded(script)
    kept = {name: node.value for node in recording.nodes for name in node.names if name.startswith("read")}
    assert kept.keys() == {name for name in there if name.startswith("read")}
    for name, value in kept.items():
        assert same(value, there[name]), name
    for node in recording.nodes:
        if node.function is not None:
            assert same(recomputed(node, lambda operand: operand.value), node.value), node


SUMS = (
    "sum([w, w * 2, w * 3])",
    "sum((w * k for k in range(3)), w)",
    "sum(w.reshape(2, 2))",
    "sum(list(w), 0.5)",
)


@pytest.mark.parametrize("expression", few(SUMS, 2))
def test_a_sum_takes_in_every_item(expression: str, tmp_path: Path) -> None:
    script = tmp_path / "sums.py"
    script.write_text(f"import numpy as np\nw = np.arange(1.0, 5.0)\ntotal = {expression}\n")
    recording = recorded(script)
    for node in recording.nodes:
        if node.function is not None:
            assert same(recomputed(node, lambda operand: operand.value), node.value), node
    assert any("total" in node.names for node in recording.nodes)


def test_names_are_as_written_with_the_items_that_were_meant(tmp_path: Path) -> None:
    script = tmp_path / "names.py"
    script.write_text(
        "import numpy as np\n"
        "class Net:\n"
        "    def __init__(self):\n"
        "        self.w = [np.ones(2) * k for k in range(2)]\n"
        "        self.p = {'b': np.zeros(2)}\n"
        "net, h, grads = Net(), {}, []\n"
        "for t in range(2):\n"
        "    h[t] = net.w[t] + net.p['b']\n"
        "    net.p['b'] = h[t] / 2\n"
        "    grads.append(h[t] * 3)\n"
        "a, (b, *c) = h[0] * 1, (h[1] * 2, 5)\n"
    )
    names = [name for instance in recorded(script).instances for name in instance.names]
    assert names == [
        "self.w[0]", "self.w[1]", "self.p['b']",
        "h[0]", "net.p['b']", "grads[0]", "h[1]", "net.p['b']", "grads[1]", "a", "b",
    ]  # fmt: skip


def test_what_the_language_does_not_know_is_recorded_and_said(tmp_path: Path) -> None:
    script = tmp_path / "odd.py"
    script.write_text(
        "import numpy as np\n"
        "w, x = np.arange(1.0, 5.0), np.ones(4) * 0.5\n"
        "for step in range(2):\n"
        "    spectrum = np.fft.fft(w * x)\n"
        "    power = np.abs(spectrum) ** 2\n"
        "    u, s, vt = np.linalg.svd(np.outer(w, x))\n"
        "    m = np.matrix(w) * 2\n"
        "    loss = power.sum() + s.sum()\n"
        "    w = w - 0.1 * 2 * w * x * s[0]\n"
    )
    case = case_of(recorded(script))
    assert case.script is not None
    told = " ".join(case.script.found)
    assert "odd.py:5: np.abs(spectrum) is recorded, and not derived: complex numbers" in told
    assert "odd.py:6: np.linalg.svd(np.outer(w, x)) is recorded, and not derived" in told
    assert "computed again" not in told
    assert "power" in case.program.positions


def test_what_is_put_into_a_list_is_called_after_where_it_is_read(tmp_path: Path) -> None:
    recording = recorded_text(
        tmp_path,
        """
        import numpy as np
        grads = []
        for k in range(2):
            grads.insert(0, np.ones(2) * k)
        first = grads[0] + grads[-1]
        """,
    )
    products = [node for node in recording.nodes if node.site is not None and node.site.code.endswith("* k")]
    assert [node.names for node in products] == [("grads[-1]",), ("grads[0]",)]


def test_what_a_loop_goes_over_keeps_its_name_when_it_is_changed_in_place(tmp_path: Path) -> None:
    recording = recorded_text(
        tmp_path,
        """
        import numpy as np
        w, dw = np.ones(2), np.ones(2) * 2
        for parameter, gradient in [(w, dw)]:
            parameter -= 0.1 * gradient
        """,
    )
    assert recording.instances[-1].names == ("w",)
    assert recording.instances[-1].result.operands[0].names == ("w",)
