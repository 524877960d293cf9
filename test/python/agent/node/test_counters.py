"""What nft tells of its counters, as each release lists a table."""

import unittest
from unittest import mock

from keepalived_vip.agent.node import flows

LISTED = {
    "ip": """table ip keepalived_vip {
	counter forwarded {
		packets 37 bytes 4100
	}
	counter owed {
		packets 5 bytes 700
	}
}
""",
    "netdev": """table netdev keepalived_vip {
	counter answers {
		packets 4 bytes 650
	}
}
""",
}


def newest(argv, given=""):
    """nft 1.1.3, which knows only of the last thing that it is asked for at once."""
    asked = " ".join(argv).split("; ")
    if len(asked) > 1:
        raise OSError("nft: Error: No such file or directory; did you mean table 'keepalived_vip' in family netdev?")
    return LISTED[asked[0].split()[3]]


class Counters(unittest.TestCase):
    def test_they_are_asked_for_so_that_the_newest_nft_finds_them_all(self):
        with mock.patch.object(flows, "nft", newest):
            self.assertEqual(flows.forwarded(), (37, 4100, 5, 4))

    def test_one_that_is_not_there_is_a_trouble_with_a_reason(self):
        listed = mock.patch.object(flows, "nft", lambda argv, given="": "table ip keepalived_vip {\n}\n")
        with listed, self.assertRaisesRegex(OSError, "does not tell"):
            flows.forwarded()
