"""Many pairs of one account on one clock: what its limits do to them, and they to each other."""
