"""The tensor language: one expression tree, and every reading of it."""
