"""bpdebug for PyTorch: `import bpdebug.torch`; the extra `bpdebug[torch]` brings torch.

bpdebug.torch.check_backward(function, x, w)    # in place of torch.autograd.gradcheck: which line, and what
bpdebug.torch.assert_backward(function, x, w)   # the same in a test
bpdebug.torch.capture(net, x)                   # a case: .open(), .check(), .save("net.bpd"), .first_bad()
with bpdebug.torch.record() as recording: ...   # a step: recording.first_bad(), recording.case
"""

from bpdebug.captured import CapturedCase
from bpdebug.torch.backward import assert_backward, check_backward
from bpdebug.torch.capture import TorchRecording, capture, record
from bpdebug.verify.repair.backward import BackwardReport

__all__ = [
    "BackwardReport",
    "CapturedCase",
    "TorchRecording",
    "assert_backward",
    "capture",
    "check_backward",
    "record",
]
