"""The person's source, with a hook on every operation; what it computes is what it computed before.

`z = w @ x + b` becomes `z = value(3, binary(2, binary(1, w, x), b))`: operators, comparisons, calls,
subscripts, stores, `+=`, iteration, and every value that a statement assigns, returns or appends go through
a hook that does what Python would have done, and lets the recorder see it. Names and constants stay as they
are. The order of evaluation, the line numbers, docstrings, names and scopes are those of the source: no
variable is added, no statement is torn apart.

Hooks are found among the builtins. Their names begin and end with two underscores, so that no class
mangles them.
"""

from __future__ import annotations

import ast
import io
import tokenize
from types import CodeType

from bpdebug.sources.script.instrumentation.statements import Statements
from bpdebug.sources.script.sites import InstrumentedFile, Site


def instrument(text: str | bytes, file: str, sites: list[Site]) -> CodeType:
    """Compile a source with hooks.

    Parameters
    ----------
    text : str or bytes
        The source; bytes are decoded as Python decodes a file.
    file : str
        The name that tracebacks show.
    sites : list of Site
        Takes a site for every hook; the hooks get their numbers.

    Raises
    ------
    SyntaxError, ValueError
        As `compile`.
    """
    source = InstrumentedFile(file, text if isinstance(text, str) else decoded(text))
    return compile(instrumented_tree(text, source, sites), file, "exec", dont_inherit=True)


def instrumented_tree(text: str | bytes, source: InstrumentedFile, sites: list[Site]) -> ast.Module:
    """Parse a source, and put hooks into its tree; see `instrument`."""
    tree: ast.Module = Statements(source, sites).visit(ast.parse(text, source.file))
    return tree


def decoded(text: bytes) -> str:
    """Decode a source file by its byte order mark and coding comment, as Python does."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(text).readline)
    return text.decode(encoding)
