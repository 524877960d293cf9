"""Of the runtime's user/."""

import support  # noqa: F401 (puts the runtime on the path)
