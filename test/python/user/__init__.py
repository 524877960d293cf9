"""Of the runtime's user/."""
