"""The VIP where it has to be: on the ENI by the cloud's calls, on the NIC, and on the peer's in a planned switch."""
