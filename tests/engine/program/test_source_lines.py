"""The tree of lines: calls under their lines, turns counted, lines in the order in which they ran."""

from __future__ import annotations

from bpdebug.engine.language.nodes import CallSite
from bpdebug.engine.program.source_lines import SourceLine, SourceLines
from tests.recorded import Ran, recorded

TEXT = "\n".join(f"a{number} = x" for number in range(1, 31))


def lines_of(*ran: tuple[int, tuple[CallSite, ...], tuple[int, ...]]) -> SourceLines:
    """The tree of statements given as line, calls and turns."""
    rows = [Ran(f"a{n}", "x + 1", line, calls, turns) for n, (line, calls, turns) in enumerate(ran)]
    values = {"x": recorded().values["x"]}
    return recorded(rows, {"net.py": TEXT}, values).program.source_lines


def outline(lines: list[SourceLine]) -> list[object]:
    return [(line.line, outline(line.children)) if line.children else line.line for line in lines]


def test_calls_nest_and_turns_count() -> None:
    tree = recorded().program.source_lines
    assert outline(tree.roots) == [(20, [11, 12]), 21, (22, [15, 16, 17]), (25, [3, 4]), 26]
    (turned,) = tree.by_place["net.py", 25]
    assert turned.starts == [9, 11]
    assert [turned.turn(position) for position in (8, 9, 10, 11, 12)] == [0, 1, 1, 2, 2]
    (called,) = tree.by_place["net.py", 20]
    assert (called.starts, called.positions, called.first, called.last) == ([1], [], 1, 2)
    assert tree.files == ("net.py", "tools.py")
    assert tree.at[8].file == "tools.py"
    assert [line.line for line in tree.at[8].above()] == [25]


def test_a_line_of_a_branch_stands_behind_the_line_that_ran_before_it() -> None:
    """The first turn takes one branch, the second the other: 5 and 6 stand before 9."""
    tree = lines_of((3, (), (1,)), (5, (), (1,)), (9, (), (1,)), (3, (), (2,)), (6, (), (2,)), (9, (), (2,)))
    assert outline(tree.roots) == [3, 5, 6, 9]
    assert tree.at[1].starts == [1, 4]


def test_a_line_that_a_loop_goes_back_to_stands_before_the_lines_below_it() -> None:
    """Nothing was computed in line 3 in the first turn; line 1 is before the loop."""
    tree = lines_of((1, (), ()), (5, (), (1,)), (9, (), (1,)), (3, (), (2,)), (5, (), (2,)), (9, (), (2,)))
    assert outline(tree.roots) == [1, 3, 5, 9]


def test_several_values_of_one_line_are_one_turn() -> None:
    tree = lines_of((3, (), ()), (3, (), ()), (4, (), ()))
    assert tree.at[1] is tree.at[2]
    assert (tree.at[1].starts, tree.at[1].positions) == ([1], [1, 2])


def test_one_function_called_from_two_lines_and_twice_from_one() -> None:
    def call(number: int, line: int) -> tuple[CallSite, ...]:
        return (CallSite(number, "f", "net.py", line),)

    tree = lines_of((3, call(1, 10), ()), (3, call(2, 11), ()), (3, call(3, 11), ()))
    assert outline(tree.roots) == [(10, [3]), (11, [3])]
    assert tree.by_place["net.py", 11][0].starts == [2, 3]
    assert tree.runs_of("net.py", 3) == (1, 2, 3)


def test_a_function_that_calls_itself() -> None:
    deep = tuple(CallSite(number, "f", "net.py", 4) for number in range(1, 4))
    tree = lines_of((2, deep[:1], ()), (2, deep[:2], ()), (2, deep, ()))
    assert outline(tree.roots) == [(4, [2, (4, [2, (4, [2])])])]


def test_the_next_turn_and_the_one_before() -> None:
    tree = recorded().program.source_lines
    assert tree.next_run(9, 1) == 11
    assert tree.next_run(11, -1) == 9
    assert tree.next_run(11, 1) is None
    assert tree.next_run(9, -1) is None
    assert tree.next_run(0, 1) is None


def test_files_by_the_end_of_their_name() -> None:
    tree = recorded([Ran("a", "x + 1", 1, file="src/net.py")], {"src/net.py": TEXT}).program.source_lines
    assert tree.file_named("net.py") == tree.file_named("src/net.py") == "src/net.py"
    assert tree.file_named("et.py") is None
