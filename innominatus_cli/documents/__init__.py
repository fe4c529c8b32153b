"""Repository text to nodes with places, and nodes to typed documents. Decides nothing beyond a document's own shape."""
