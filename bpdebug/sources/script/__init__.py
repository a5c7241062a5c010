"""The person's own Python, recorded: `bpdebug net.py`.

    recording = record_script("net.py")         # runs it as `python net.py`, until the first update is read
    recording.nodes                             # every operation, as a pure function of other nodes
    recording.instances                         # every execution of a value expression of the person's
    recording.updates                           # the steps of parameters

How it is done, in the order in which the modules build on each other:

- `sites`: a place in the source, its text, what is stored there.
- `instrumentation`: the source with a hook on every operation; what it computes is what it computed before.
- `recorder`: the hooks, and what they make of what they see.
- `imports`, `notebooks`, `running`: which files are instrumented, and a script run as Python runs it.
- `recording`: one call that does all this, and the record that is left.
- `environment`, `evaluation`: what every name meant when an expression was evaluated, and that once more.
- `conversion`, `analysis`, `reference`: the statements of a program; parameters, loss and whose gradient each
  tensor is; the derived gradients. `case` puts them together.

The contract of the records
---------------------------
*Time.* `Node.id` is the node's place in `recording.nodes`, and the clock: a node is older than another
exactly when its number is smaller. `Instance.time`, `Test.time` and the histories are read on the same
clock; something with time `t` happened after node `t - 1` and before node `t`. Writes to containers have a
clock of their own, `Write.moment` and `Instance.moment`.

*Nodes* are pure: `recomputed(node, lambda operand: operand.value)` gives `node.value`, bit for bit, for
every node that has a function and is not random. In-place writes are nodes of the new value (`put`,
`put_elements`, `InPlace`, `WrittenTo`, or the plain operator for `+=`). A view reads its array by
`elements` once that was written to. `node.function is same` is another name of its operand; `node.origin`
looks through these. What nobody computed here (data, literals, what a library kept) has no function.

*Instances* are in the order in which their values were there; the instance of a `return` comes before that
of the assignment that takes the value. Each has a node of its own, so a line is changed by giving
`instance.node` another value and computing all nodes again that depend on it. `instance.result` is what the
statement stored: `instance.node`, or for `x += v` and `x[i] = v` the new `x` (there `node` is `v`).
`instance.names` are its names as written, with the items that were meant: `self.w`, `h[3]`.
`instance.frame` is the call it ran in, `instance.turns` the turns of the loops: `site.loops` lists those
around it from the outermost, and `turns[number]` counts from 0. A statement of several values (`a, b = f(x)`)
has an instance for each.

*The environment* of an instance is `Environment(recording, instance)`: what every name meant when its
expression was evaluated, containers as they were then, arrays as nodes. It is made from the names of the
frame, which are kept by reference, and from `recording.journal`, by undoing the writes that came later. Where
the expression calls a function of the person's, it is the environment before the call. `evaluated` evaluates
an edit of the expression in it, within `callable_again`; a function that is called again reads the module's
variables of now, so calls whose inside was recorded are better computed again from their nodes.

*Frames*: `frame.caller` is the file and the line that called, `frame.parent` the call that this was in,
`frame.parent_turns` the turns there. `frame.site.function` is `Net.forward`.

*Updates* are in order; several with the same `old` are steps of one parameter (an element or a sample at a
time), and the last `new` is what it becomes.
"""

from bpdebug.sources.script.recorder.branches import Test
from bpdebug.sources.script.recorder.recomputing import recomputed
from bpdebug.sources.script.recorder.records import Frame, Instance, Node
from bpdebug.sources.script.recorder.updates import Update
from bpdebug.sources.script.recording import Recording, RecordingOptions, record_script
from bpdebug.sources.script.running import Ending
from bpdebug.sources.script.sites import Site, SourceRange, Target

__all__ = [
    "Ending",
    "Frame",
    "Instance",
    "Node",
    "Recording",
    "RecordingOptions",
    "Site",
    "SourceRange",
    "Target",
    "Test",
    "Update",
    "recomputed",
    "record_script",
]
