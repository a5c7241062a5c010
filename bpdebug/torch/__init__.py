"""bpdebug for PyTorch: `import bpdebug.torch`; the extra `bpdebug[torch]` brings torch.

bpdebug.torch.check_backward(function, x, w)      # in place of torch.autograd.gradcheck: which line, and what
bpdebug.torch.assert_backward(function, x, w)     # the same in a test
"""

from bpdebug.torch.backward import BackwardReport, assert_backward, check_backward

__all__ = ["BackwardReport", "assert_backward", "check_backward"]
