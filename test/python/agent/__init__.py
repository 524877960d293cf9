"""Of the runtime's agent/."""
