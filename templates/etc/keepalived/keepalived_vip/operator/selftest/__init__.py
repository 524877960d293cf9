"""`vip.py self-test`: the checks, each with its cure, and what they look at. Changes nothing."""
