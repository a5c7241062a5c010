"""The rules: for each kind of mistake, what people write in the place of a node of the right formula.

A rule is one function: given a node, it yields what stands there instead, what that is called (a key of
the words), and how implausible it is, from 1. To add a kind of mistake, write its rule and name it here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bpdebug.engine.language.nodes import Expression
from bpdebug.verify.diagnosis.rules.activations import (
    another_function,
    derivative_from_the_output,
    derivative_too_many,
    wrong_argument_of_derivative,
)
from bpdebug.verify.diagnosis.rules.arithmetic import (
    all_but_one_left_out,
    another_power,
    beside_the_root,
    inverted,
    left_out,
    opposite_sign,
    twice,
)
from bpdebug.verify.diagnosis.rules.forward import (
    another_part,
    another_scale,
    reset_before_the_product,
    unmasked,
)
from bpdebug.verify.diagnosis.rules.options import another_option, misread
from bpdebug.verify.diagnosis.rules.sums import another_mean, another_sum, one_number_for_all
from bpdebug.verify.diagnosis.rules.tensors import (
    another_product,
    another_tensor,
    inner_product,
    transposed,
    unshaped,
    updated_too_early,
)
from bpdebug.verify.diagnosis.scope import FormulaScope, Substitution

EditRule = Callable[[Expression, FormulaScope], Iterator[Substitution]]

RULES: tuple[EditRule, ...] = (
    wrong_argument_of_derivative,
    derivative_from_the_output,
    another_tensor,
    another_function,
    left_out,
    all_but_one_left_out,
    derivative_too_many,
    twice,
    inverted,
    transposed,
    unshaped,
    another_product,
    inner_product,
    another_sum,
    one_number_for_all,
    another_mean,
    opposite_sign,
    another_power,
    beside_the_root,
    another_option,
    misread,
    updated_too_early,
    unmasked,
    another_scale,
    another_part,
    reset_before_the_product,
)
