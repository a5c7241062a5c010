"""What a recording is a training of: parameters, gradients, the loss, and which gradients are right."""
