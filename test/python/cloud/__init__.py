"""Of the runtime's cloud/."""

import support  # noqa: F401 (puts the runtime on the path)
