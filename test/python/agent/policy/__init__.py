"""Of the runtime's agent/policy/."""
