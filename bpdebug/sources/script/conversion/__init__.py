"""From recorded operations to statements of the tensor language."""
