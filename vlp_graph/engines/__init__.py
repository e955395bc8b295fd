"""One module per model family; no Ray, no HTTP."""
