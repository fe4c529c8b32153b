"""`doctor`: what the workflows of a repository need, and whether this machine has it."""
