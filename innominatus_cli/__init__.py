"""innominatus-ctl: an internal developer platform that is a command, a git repository and nothing else."""

__version__ = "0.1.0"
