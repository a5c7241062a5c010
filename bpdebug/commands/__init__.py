"""The debugger's commands: one table for the command line of the app and for `bpdebug run`."""
