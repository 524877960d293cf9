"""Makes the cloud's address of the VIP follow keepalived. Python 3.6+, standard library only."""

VERSION = "0.2.0"
