"""What the node was told at deployment (vip.json) and where things are."""

import json
import os

CONFIG = "/etc/keepalived/vip.json"
METADATA = "metadata.tencentyun.com"
KEYS = ["pair", "node", "peer", "mode", "vip", "address", "peerAddress", "interface", "eniId", "peerEniId", "eipId"]
KEYS += ["region", "vpcEndpoints", "reassertIntervalS", "preferred", "advertIntervalMs", "gateway"]


class Settings:
    """The fields of vip.json and the places on the node; a missing field is an error that names it.

    run, etc, log, metadata, scheme and lib differ from their defaults in tests only: production speaks HTTPS.
    """

    def __init__(
        self,
        values: dict,
        run: str = "/run/keepalived-vip",
        etc: str = "/etc/keepalived",
        log: str = "/var/log/keepalived.log",
        metadata: str = METADATA,
        scheme: str = "https",
        lib: str = "/var/lib/keepalived-vip",
    ) -> None:
        missing = [key for key in KEYS if key not in values]
        if missing:
            raise ValueError("vip.json has no %s; npm run up -- --repair writes it again" % ", ".join(missing))
        self.pair = values["pair"]
        self.node = values["node"]
        self.peer = values["peer"]
        self.mode = values["mode"]
        self.vip = values["vip"]
        self.address = values["address"]
        self.peer_address = values["peerAddress"]
        self.interface = values["interface"]
        # None in a file of an earlier release, which a service may meet that starts while a push swaps the files.
        self.router_id = values.get("virtualRouterId")
        self.gateway = values["gateway"]
        self.eni = values["eniId"]
        self.peer_eni = values["peerEniId"]
        self.eip = values["eipId"]  # None without a public address
        self.region = values["region"]
        self.endpoints = list(values["vpcEndpoints"])
        self.reassert_s = values["reassertIntervalS"]
        self.preferred = values["preferred"]
        self.advert_s = values["advertIntervalMs"] / 1000.0
        self.health = values.get("healthCheck")  # None without one
        self.keep_s = values.get("keepConnectionsS")  # None: no connection outlives a move

        self.log = log
        self.metadata = metadata
        self.scheme = scheme
        self.fifo = run + "/keepalived.fifo"
        self.run = run  # ends with the boot
        self.lib = lib  # outlives it
        self.drain_file = run + "/drain"
        self.rank_file = run + "/rank"
        self.heartbeat = run + "/heartbeat"
        self.started_with = run + "/started-with"
        self.held = run + "/held"
        self.kept_file = run + "/kept.json"
        self.state_file = run + "/state"
        self.status_file = run + "/status.json"
        self.switch_request = run + "/switch.request"
        self.switch_answer = run + "/switch.json"
        self.promise_file = run + "/promise.json"
        self.asked = run + "/asked.json"
        # In a folder that nobody else may enter: who may read a file may lock it, and stop whoever waits for that.
        self.locks = run + "/locks"
        self.service_lock = self.locks + "/service"
        self.switch_lock = self.locks + "/switch"
        self.credentials_file = run + "/credentials.json"
        self.addresses_file = run + "/addresses.json"
        self.moves_file = lib + "/moves.jsonl"
        self.scheduled_file = lib + "/scheduled.json"
        self.pushed = "/var/lib/keepalived-cluster/state"  # what install.sh keeps of the last push
        self.metrics_file = run + "/keepalived_vip.prom"
        self.static_credentials = etc + "/credentials.json"
        self.nic_script = etc + "/nic.sh"
        self.connections_script = etc + "/connections.sh"
        self.health_lease_s = 30.0  # a failing service is believed for so long when nobody looks any more
        self.hook_limit_s = 60.0  # of one script
        self.hooks_dir = etc + "/hooks"
        self.hooks_wanted = run + "/hooks.wanted"
        self.hooks_done = run + "/hooks.json"
        self.hooks_running = run + "/hooks.running"
        self.hooks_lock = self.locks + "/hooks"
        self.start_hooks = ["systemctl", "start", "--no-block", "keepalived-vip-hooks.service"]
        self.start = ["systemctl", "start"]
        self.restart_keepalived = ["systemctl", "restart", "--no-block", "keepalived.service"]
        self.kill_keepalived = ["systemctl", "kill", "--signal=KILL", "keepalived.service"]  # Restart=always
        self.notify_url_file = etc + "/notify_url"
        # Where keepalived's versions and distributions put it.
        self.pid_files = ["/run/keepalived.pid", "/run/keepalived/keepalived.pid"]


def load(path: str = CONFIG) -> Settings:
    """Raises OSError or ValueError, each with what is wrong."""
    with open(path) as file:
        return Settings(json.load(file))


def write_atomically(path: str, text: str, mode: int = 0o644, durable: bool = False) -> None:
    """A reader sees the old text or the new one, with this mode whatever the umask. After a power cut that holds on
    every file system only for what is `durable`, which waits for the disk. Nothing that lies in the way is written to.
    """
    temporary = "%s.%d" % (path, os.getpid())
    try:
        os.unlink(temporary)  # of one that was killed
    except FileNotFoundError:
        pass
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(descriptor, mode)
            file.write(text)
            if durable:
                file.flush()
                os.fsync(descriptor)
        os.rename(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def read_json(path: str):
    """The content of a JSON file, None when it is missing or broken."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
