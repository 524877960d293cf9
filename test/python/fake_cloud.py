"""The API and the metadata service as far as the runtime calls them, over plain HTTP, with faults on demand."""

import http.server
import json
import threading
import time
from email.utils import formatdate

import support

ROLE = "pair-role"


class FakeCloud:
    def __init__(self, namespace=None, eip=None) -> None:
        self.holder = support.PEER
        self.state = "AVAILABLE"
        self.eip_id = eip
        self.eip_at = (support.PEER, support.VIP) if eip else None
        self.eip_follows = True
        self.enis = {support.ME: "vpc-1", support.PEER: "vpc-1"}
        self.move_s = 0.0
        self.failing = False  # moves are accepted and fail
        self.clock_ahead_s = 0.0
        self.credentials_s = 3600
        self.secret = 1  # number of the credentials that are valid
        self.by_key = False  # calls are signed with a user's key, which has no token
        self.metadata_up = True
        self.refusals = []  # codes for the next calls; (action, code) for the next call of that action
        self.before_answer = None  # called with the action, before the answer is sent
        self.drop_next = 0  # connections that are closed instead of an answer
        self.lose_answers = []  # actions whose next answer is lost: carried out all the same
        self.journal = []  # (time.monotonic(), action, request)
        self.connections = 0
        self.metadata_asked = 0
        self.tasks = {}
        self.lock = threading.Lock()
        started = threading.Event()

        def serve():
            if namespace:
                support.enter_namespace(namespace)
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(self))
            self.server.daemon_threads = True
            started.set()
            self.server.serve_forever(poll_interval=0.05)

        threading.Thread(target=serve, daemon=True).start()
        started.wait()
        self.endpoint = "127.0.0.1:%d" % self.server.server_port

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def actions(self):
        return [action for _, action, _ in list(self.journal)]

    def refuse(self, action: str):
        for entry in self.refusals:
            if isinstance(entry, str) or entry[0] == action:
                self.refusals.remove(entry)
                return entry if isinstance(entry, str) else entry[1]
        return None

    def answer(self, action: str, request: dict, stamp: int, token: str):
        with self.lock:
            self.journal.append((time.monotonic(), action, request))
            number = len(self.journal)
            code = self.refuse(action)
            if code is None and abs(stamp - self.now()) > 300:
                code = "AuthFailure.SignatureExpire"
            if code is None and token != (None if self.by_key else "token-%d" % self.secret):
                code = "AuthFailure.TokenFailure"
            if code is None:
                code, content = getattr(self, action)(request, "req-%d" % number)
            if code is not None:
                content = {"Error": {"Code": code, "Message": "refused"}}
            content["RequestId"] = "req-%d" % number
            return {"Response": content}

    def now(self) -> float:
        return time.time() + self.clock_ahead_s

    def MigratePrivateIpAddress(self, request, call):
        source, target = request["SourceNetworkInterfaceId"], request["DestinationNetworkInterfaceId"]
        if self.state == "MIGRATING":
            return "UnsupportedOperation.MutexOperationTaskRunning", {}
        if request["PrivateIpAddress"] != support.VIP or source != self.holder or source == target:
            return "UnauthorizedOperation.AttachmentNotFound", {}
        self.start(call, target)
        return None, {}

    def start(self, call, target):
        if self.failing:
            self.tasks[call] = "FAILED"
            return
        self.tasks[call] = "RUNNING"
        self.state = "MIGRATING"

        def end():
            if self.eip_at == (self.holder, support.VIP) and self.eip_follows:
                self.eip_at = (target, support.VIP)
            self.holder, self.state = target, "AVAILABLE"
            self.tasks[call] = "SUCCESS"

        if self.move_s:
            timer = threading.Timer(self.move_s, end)
            timer.daemon = True
            timer.start()
        else:
            end()

    def AssignPrivateIpAddresses(self, request, call):
        if self.holder:
            return "ResourceInUse", {}
        self.start(call, request["NetworkInterfaceId"])
        return None, {}

    def DescribeVpcTaskResult(self, request, call):
        if request["TaskId"] not in self.tasks:
            return "ResourceNotFound", {}
        return None, {"Status": self.tasks[request["TaskId"]]}

    def DescribeNetworkInterfaces(self, request, call):
        found = []
        for eni, vpc in self.enis.items():
            addresses = [{"PrivateIpAddress": "10.0.1.200", "State": "AVAILABLE", "AddressId": ""}]
            if eni == self.holder:
                eip = self.eip_id if self.eip_at == (eni, support.VIP) else ""
                addresses.append({"PrivateIpAddress": support.VIP, "State": self.state, "AddressId": eip})
            entry = {"NetworkInterfaceId": eni, "VpcId": vpc, "PrivateIpAddressSet": addresses}
            if all(fits(entry, one) for one in request["Filters"]):
                found.append(entry)
        return None, {"TotalCount": len(found), "NetworkInterfaceSet": found}

    def DescribeAddresses(self, request, call):
        at = self.eip_at or (None, None)
        status = "BIND" if self.eip_at else "UNBIND"
        entry = {"AddressId": self.eip_id, "AddressStatus": status}
        entry.update({"NetworkInterfaceId": at[0], "PrivateAddressIp": at[1]})
        return None, {"AddressSet": [entry]}

    def DisassociateAddress(self, request, call):
        self.eip_at = None
        return None, {}

    def AssociateAddress(self, request, call):
        if self.eip_at:
            return "OperationDenied.MutexTaskRunning", {}
        self.eip_at = (request["NetworkInterfaceId"], request["PrivateIpAddress"])
        return None, {}

    def metadata(self, path: str):
        self.metadata_asked += 1
        if not self.metadata_up:
            return 500, ""
        if path.endswith("security-credentials/"):
            return 200, ROLE
        if not path.endswith("security-credentials/" + ROLE):
            return 404, ""
        return 200, json.dumps(
            {
                "TmpSecretId": "AKID%d" % self.secret,
                "TmpSecretKey": "top-secret-%d" % self.secret,
                "Token": "token-%d" % self.secret,
                "ExpiredTime": int(self.now()) + self.credentials_s,
                "Code": "Success",
            }
        )


def fits(entry: dict, one: dict) -> bool:
    if one["Name"] == "network-interface-id":
        return entry["NetworkInterfaceId"] in one["Values"]
    if one["Name"] == "vpc-id":
        return entry["VpcId"] in one["Values"]
    assert one["Name"] == "address-ip", one
    # The documented trap: a single value matches as a suffix.
    return any(address["PrivateIpAddress"].endswith(one["Values"][0]) for address in entry["PrivateIpAddressSet"])


def handler(cloud: FakeCloud):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self):
            cloud.connections += 1
            super().setup()

        def send(self, status: int, text: str):
            body = text.encode("utf-8", "surrogateescape")  # "\udcff" is the byte 255, which is no UTF-8
            self.send_response_only(status)
            self.send_header("Date", formatdate(cloud.now(), usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.send(*cloud.metadata(self.path))

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if cloud.drop_next:
                cloud.drop_next -= 1
                self.close_connection = True
                return
            action = self.headers["X-TC-Action"]
            stamp = int(self.headers["X-TC-Timestamp"])
            answer = cloud.answer(action, json.loads(body.decode()), stamp, self.headers["X-TC-Token"])
            if cloud.before_answer:
                cloud.before_answer(action)
            if action in cloud.lose_answers:
                cloud.lose_answers.remove(action)
                self.close_connection = True
                return
            self.send(200, json.dumps(answer))

        def log_message(self, *args):
            pass

    return Handler
