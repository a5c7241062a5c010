"""Exports: a table format -> function for traces, and one for reports; nothing here prints."""
