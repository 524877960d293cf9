"""This machine as the service finds and changes it: NIC, keepalived, firewall; and the peer at the other end."""
