"""Of the runtime's operator/. This folder's parent is on the path, where another `operator` would hide Python's own."""

import support  # noqa: F401 (puts the runtime on the path)
