"""The simulation of connections that outlive a move: played kernels, clients, and rules on what becomes of packets."""
