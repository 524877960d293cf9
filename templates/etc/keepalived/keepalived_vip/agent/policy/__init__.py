"""What is decided, and when: pure functions and plain data, without I/O and without a clock. Rests on nothing else."""
