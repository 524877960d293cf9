"""Makes the cloud's address of the VIP follow keepalived. Python 3.6+, standard library only.

Where to begin reading:
    agent/watch.py      the service: hears keepalived and the kernel, decides, has one call made at a time
    agent/role.py       MASTER or not: keepalived's last word, held against the NIC and the process
    agent/policy/       what it decides: decide.py, a pure function of knowledge.py, which the cloud's answers change
                        (answers.py); switch.py in a planned switch
    agent/vip/          what it does with the VIP: mover.py carries that out by calls.py, and takes in what became of it
    agent/node/         what it hears of this machine and the peer, and does there
    cloud/errors.py     what each of the cloud's error codes means for a move; cloud/api.py asks it
    user/               the user's own side: health check, scripts, notifyUrl
    operator/main.py    vip.py: which command is where
What all share lies here. cloud knows none of the folders, agent only cloud, user only agent; nobody knows operator. In
agent policy knows nothing but itself, node only policy, vip both.
"""

VERSION = "0.3.0"
