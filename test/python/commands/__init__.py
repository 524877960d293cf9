"""Of the runtime's operator/. This folder's parent is on the path, where another `operator` would hide Python's own."""
