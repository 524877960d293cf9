"""The service that makes the cloud's address of the VIP follow keepalived: watch.py, and what it stands on."""
