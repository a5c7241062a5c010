"""bpdebug for PyTorch: `import bpdebug.torch`; the extra `bpdebug[torch]` brings torch.

bpdebug.torch.check_backward(function, x, w)    # in place of torch.autograd.gradcheck: which line, and what
bpdebug.torch.assert_backward(function, x, w)   # the same in a test
bpdebug.torch.capture(net, x)                   # a case: .open(), .check(), .save("net.bpd"), .first_bad()
with bpdebug.torch.record() as recording: ...   # a step: recording.first_bad(), recording.case
"""

from bpdebug.torch.backward import BackwardReport, assert_backward, check_backward
from bpdebug.torch.capture import TorchCase, TorchRecording, capture, record

__all__ = [
    "BackwardReport",
    "TorchCase",
    "TorchRecording",
    "assert_backward",
    "capture",
    "check_backward",
    "record",
]
