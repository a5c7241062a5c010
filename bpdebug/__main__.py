"""`python -m bpdebug` is `bpdebug`."""

from bpdebug.cli import main

main()
