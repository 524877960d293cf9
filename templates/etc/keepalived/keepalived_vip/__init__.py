"""Makes the cloud's address of the VIP follow keepalived. Python 3.6+, standard library only.

Where to begin reading:
    agent/watch.py      the service: hears keepalived and the kernel, decides, has one call made at a time
    agent/decide.py     what to do next, a pure function of agent/knowledge.py; agent/switch.py in a planned switch
    agent/mover.py      carries that out by agent/calls.py, and takes in what became of it
    cloud/errors.py     what each of the cloud's error codes means for a move; cloud/api.py asks it
    user/               the user's own side: health check, scripts, notifyUrl
    operator/main.py    vip.py: which command is where
What all share lies here. cloud knows none of the folders, agent only cloud, user only agent; nobody knows operator.
"""

VERSION = "0.2.0"
