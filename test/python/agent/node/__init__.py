"""Of the runtime's agent/node/."""
