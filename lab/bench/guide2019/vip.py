#!/usr/bin/python3
"""The guide's step 6, for API 3.0 and Python 3: the same waits, the same calls in the same order, the same patience.

Kept on purpose: a process for each event, a connection for each call, the query that says "true" on any error, the task
that nobody polls, the source that is always the peer's ENI. Not kept: what ended in an exception of its own.
"""
import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import time

INTERFACE, ADDRESS, VIP = "@INTERFACE@", "@ADDRESS@", "@VIP@"
THIS_ENI, THAT_ENI = "@ENI@", "@PEER_ENI@"
HOST, REGION = "vpc.tencentcloudapi.com", "@REGION@"
SECRET_ID, SECRET_KEY = "@SECRET_ID@", "@SECRET_KEY@"
# API 2.0's code 6300, at which the guide gives up: the address is not where it is to be taken from.
NOT_THERE = ("UnauthorizedOperation.AttachmentNotFound", "UnsupportedOperation")


def log(message=""):
    now = time.strftime("[%Y-%m-%d %H:%M:%S]", time.localtime(time.time()))
    with open("/var/log/keepalived.log", "a+") as file:
        file.write("%s[pid%d] %s\n" % (now, os.getpid(), message))


def call(action, request):
    """The content of `Response`: what the guide's SDK does, signature and all."""
    body, now = json.dumps(request).encode(), int(time.time())
    day = time.strftime("%Y-%m-%d", time.gmtime(now))
    names, scope = "content-type;host", day + "/vpc/tc3_request"
    listed = "content-type:application/json\nhost:%s\n" % HOST
    asked = "POST\n/\n\n%s\n%s\n%s" % (listed, names, hashlib.sha256(body).hexdigest())
    text = "TC3-HMAC-SHA256\n%d\n%s\n%s" % (now, scope, hashlib.sha256(asked.encode()).hexdigest())
    key = ("TC3" + SECRET_KEY).encode()
    for part in (day, "vpc", "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "Authorization": "TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"
        % (SECRET_ID, scope, names, signature),
        "X-TC-Action": action,
        "X-TC-Version": "2017-03-12",
        "X-TC-Region": REGION,
        "X-TC-Timestamp": str(now),
    }
    connection = http.client.HTTPSConnection(HOST, timeout=10, context=ssl.create_default_context())
    connection.request("POST", "/", body, headers)
    answer = json.loads(connection.getresponse().read().decode())["Response"]
    connection.close()
    return answer


def get_ip():
    command = "ip addr show dev %s | grep %s | awk '{print $2}' | awk -F/ '{print $1}'" % (INTERFACE, ADDRESS)
    return os.popen(command).read().strip()


def query_vip():
    try:
        answer = call("DescribeNetworkInterfaces", {"NetworkInterfaceIds": [THIS_ENI]})
        if "Error" in answer:
            log("call ret: %s, attempt query vip failed" % answer["Error"])
            return "true"
        addresses = answer["NetworkInterfaceSet"][0]["PrivateIpAddressSet"]
        if VIP not in [address["PrivateIpAddress"] for address in addresses]:
            log(" vip not in master in qcloud")
            return "false"
    except Exception as error:
        log(" exception:%s" % error)
    return "true"


def migrate_vip():
    request = {
        "PrivateIpAddress": VIP,
        "SourceNetworkInterfaceId": THAT_ENI,
        "DestinationNetworkInterfaceId": THIS_ENI,
    }
    log("migrate")
    log(" try set vip.")
    exceptions = 0
    time.sleep(0.5)
    for _ in range(5):
        log(" get_ip=" + get_ip())
        if get_ip() == ADDRESS:
            log(" now set vip.")
            try:
                for _ in range(4):
                    if query_vip() == "true":
                        break
                    with open("/var/keepalived/state") as state:
                        if state.readline() != "MASTER":
                            break
                    answer = call("MigratePrivateIpAddress", request)
                    log(" call ret %s" % answer)
                    code = answer.get("Error", {}).get("Code")
                    if code is None:
                        log(" set done")
                        break
                    if code in NOT_THERE:
                        break
                    time.sleep(2)
                else:
                    log(" set vip failed")
                break
            except Exception as error:
                log(" exception:%s" % error)
                exceptions += 1
                if exceptions > 3:
                    break
        time.sleep(0.5)
    log("vip.py checks vip: is this cvm holding the vip? " + query_vip())


if __name__ == "__main__":
    if sys.argv[1:] == ["migrate"]:
        migrate_vip()
    elif sys.argv[1:] == ["query"]:
        print(query_vip())
    else:
        log("vip.py: misMatched parameter; migrate or query")
