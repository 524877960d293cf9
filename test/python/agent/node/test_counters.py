"""What nft tells of what it has counted, as each release lists a set."""

import unittest
from unittest import mock

from keepalived_vip.agent.node import flows

LISTED = """table %s keepalived_vip {
	set %s {
		type ipv4_addr
		size 8
		flags dynamic%s
	}
}
"""
COUNTED = {
    "forwarded": "\n\t\telements = { 10.0.1.100 counter packets 37 bytes 4100 }",
    "owed": "\n\t\telements = { 10.0.1.100 counter packets 5 bytes 700 }",
    "answers": "",
}


def newest(argv, given=""):
    """nft 1.1.3, which knows only of the last thing that it is asked for at once."""
    asked = " ".join(argv).split("; ")
    if len(asked) > 1:
        raise OSError("nft: Error: No such file or directory; did you mean table 'keepalived_vip' in family netdev?")
    _, _, family, _, name = asked[0].split()
    return LISTED % (family, name, COUNTED[name])


class Counters(unittest.TestCase):
    def test_they_are_asked_for_so_that_the_newest_nft_finds_them_all_and_what_was_never_counted_is_none(self):
        with mock.patch.object(flows, "nft", newest):
            self.assertEqual(flows.forwarded(), (37, 4100, 5, 0))


if __name__ == "__main__":
    unittest.main()
