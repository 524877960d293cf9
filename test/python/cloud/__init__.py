"""Of the runtime's cloud/."""
