"""bpdebug for JAX: `import bpdebug.jax`; the extra `bpdebug[jax]` brings JAX.

bpdebug.jax.check_vjp(function, x, w)       # every custom_vjp in it: which line is wrong, and what is right
bpdebug.jax.assert_vjp(function, x, w)      # the same in a test
bpdebug.jax.capture(loss, params, x)        # a case: .open(), .check(), .save("net.bpd"), .first_bad()
"""

from bpdebug.captured import CapturedCase
from bpdebug.jax.backward import assert_vjp, check_vjp
from bpdebug.jax.capture import capture
from bpdebug.verify.repair.backward import BackwardReport

__all__ = ["BackwardReport", "CapturedCase", "assert_vjp", "capture", "check_vjp"]
