"""References, conditions and templates: text to a tree to a typed value. No I/O of any kind."""
