"""Of the runtime's agent/."""

import support  # noqa: F401 (puts the runtime on the path)
