"""What networks are made of: layers, losses and optimizers, written as statements."""
