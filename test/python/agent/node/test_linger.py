"""An address that answers after a demotion, until the peer has it."""

import json
import os
import signal

from keepalived_vip.agent.vip import vip_on_nic
from pair import PEER_ADDRESS
from support import PEER, never, until
from talk import Talk


class Linger(Talk):
    def setUp(self):
        super().setUp()
        with open(self.settings) as file:
            given = json.load(file)
        with open(self.settings, "w") as file:
            json.dump(dict(given, lingerS=600), file)  # longer than a test waits: nothing ends by itself

    def peer_has(self):
        """The peer says so again and again, for too early it proves nothing, until the address is gone."""

        def gone():
            self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
            return self.on_nic() == "absent"

        until(gone, self.output)

    def demoted(self, word="BACKUP"):
        self.master()
        self.drop_vip()
        self.write('INSTANCE "VI_1" %s 250' % word)
        until(lambda: self.status()["state"] == word, self.output)

    def test_a_demoted_node_answers_until_the_peer_has_the_vip(self):
        self.demoted()
        self.assertEqual(self.on_nic(), "leased", "the cloud still delivers here")
        calls = len(self.cloud.journal)
        self.peer_has()
        self.assertEqual((self.status()["state"], len(self.cloud.journal)), ("BACKUP", calls))

    def test_a_word_that_a_node_finds_after_it_stood_still_may_be_of_before(self):
        self.demoted()
        self.service.send_signal(signal.SIGSTOP)
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
        never(lambda: self.on_nic() == "absent", vip_on_nic.EARLY_S)
        self.service.send_signal(signal.SIGCONT)
        never(lambda: self.on_nic() == "absent", 3)

    def test_an_address_that_was_prepared_meanwhile_for_a_planned_switch_back_stays(self):
        self.demoted()
        self.assertEqual(self.call("prepare")[0], 0)
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)
        never(lambda: self.on_nic() == "absent", 3)

    def test_a_demoted_node_to_which_nobody_said_so_takes_its_own_address_for_no_mastership(self):
        self.master()
        self.drop_vip()  # and keepalived's word is lost
        until(lambda: self.on_nic() == "leased", self.output)
        self.cloud.holder = PEER
        calls = len(self.cloud.journal)
        self.peer_has()
        until(lambda: self.status()["state"] == "BACKUP", self.output)
        self.assertEqual((self.cloud.holder, len(self.cloud.journal)), (PEER, calls))

    def test_a_hook_that_a_killed_service_has_not_read_makes_no_master_of_a_demoted_node(self):
        self.demoted()
        # As keepalived does, so that what is said meanwhile is kept.
        pipe = os.open(self.run_dir + "/keepalived.fifo", os.O_RDWR)
        self.addCleanup(os.close, pipe)
        self.kill()
        self.write('NOTIFY "VI_1" MASTER 0')  # its hook comes late, after that of BACKUP
        calls = len(self.cloud.journal)
        self.start()
        never(lambda: self.status()["state"] == "MASTER" or self.on_nic() == "forever", 3)
        self.assertEqual(len(self.cloud.journal), calls)

    def test_also_one_whose_keepalived_was_stopped(self):
        self.demoted("STOP")
        self.assertEqual(self.on_nic(), "leased")

    def test_keepalived_that_starts_again_may_clear_the_nic(self):
        self.demoted("STOP")
        self.drop_vip()
        until(lambda: self.on_nic() == "leased", self.output)

    def test_also_one_that_has_asked_for_the_vip_and_to_which_it_may_be_on_its_way(self):
        self.cloud.move_s = 60
        self.start()
        self.become_master()
        until(lambda: "MigratePrivateIpAddress" in self.cloud.actions(), self.output)
        self.become_backup()
        until(lambda: self.on_nic() == "leased", self.output)
        self.said_by(PEER_ADDRESS, {"id": "has"}, answers=False)  # as the cloud has it before it knows of the move
        never(lambda: self.on_nic() == "absent", 2)

    def test_also_one_whose_keepalived_was_killed_and_starts_again(self):
        self.master()
        self.add_vip("valid_lft", "25", "preferred_lft", "0")  # by before_start.sh
        self.become_backup()
        until(lambda: self.on_nic() == "leased", self.output)
        until(lambda: self.status()["state"] == "BACKUP", self.output)

    def test_master_again_it_keeps_the_address(self):
        self.demoted()
        self.write('INSTANCE "VI_1" MASTER 250')
        until(lambda: self.on_nic() == "forever", self.output)
