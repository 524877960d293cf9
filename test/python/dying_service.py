"""service.py, killed by kill -9 at one moment of its work: dying_service.py MOMENT SETTINGS.json VERB…

MOMENT is a verb and a name: `reads MASTER` (a word came out of keepalived's pipe and nothing was done yet),
`asks ACTION` (the call is not sent yet), `hears ACTION` (its answer came and nothing was done with it), `writes FILE`
(the new text is not in place yet; counted from the role MASTER on, for all are written before it too), or `lives on`.
"""

import os
import signal
import sys

import service
from keepalived_vip import cloud
from keepalived_vip.agent import role
from keepalived_vip.agent.policy import decide, patience
from keepalived_vip.operator import main

# The tests wait for the service to come through, not for its patience.
patience.POLL_S, patience.EIP_S, decide.NOBODY_S = 0.1, 0.2, 0.2


def die_at(moment: str) -> None:
    verb, _, name = moment.partition(" ")
    call, word, change, rename = cloud.Api.call, role.Role.word, role.Role.change, os.rename
    roles = []

    def die(now_verb: str, now_name: str) -> None:
        if (now_verb, now_name) == (verb, name):
            os.kill(os.getpid(), signal.SIGKILL)

    def dying_call(api, action, request):
        die("asks", action)
        try:
            return call(api, action, request)
        finally:
            die("hears", action)

    def dying_word(watcher, kind, said):
        die("reads", said)
        word(watcher, kind, said)

    def dying_change(watcher, role, trigger):
        roles.append(role)
        change(watcher, role, trigger)

    def dying_rename(source, target):
        if "MASTER" in roles or name == "credentials.json":
            die("writes", os.path.basename(target))
        rename(source, target)

    cloud.Api.call, os.rename = dying_call, dying_rename
    role.Role.word, role.Role.change = dying_word, dying_change


if __name__ == "__main__":
    die_at(sys.argv.pop(1))
    sys.exit(main.main(sys.argv[2:], lambda: service.load(sys.argv[1])))
