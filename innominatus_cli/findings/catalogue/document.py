"""Block 1xxx: a document's text and shape."""
