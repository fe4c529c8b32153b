"""The doors to everything outside: files, git, processes, clock, environment, locks. They know no domain."""
