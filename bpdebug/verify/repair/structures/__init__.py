"""What is wrong with how statements stand, and not with what they compute."""
