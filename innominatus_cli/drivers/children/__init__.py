"""Programs of their own: JSON on stdin, JSON on stdout, the standard library only, one file each."""
