"""The widgets of the debugger screen."""
