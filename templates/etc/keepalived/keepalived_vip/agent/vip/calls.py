"""The calls of a move, each as what it means. Nothing here touches an address but the VIP."""

from keepalived_vip import cloud
from keepalived_vip.agent.policy.knowledge import EIP_FOREIGN, EIP_MISSING, EIP_OK, NOBODY


def describe(api, conf):
    """(holder ENI or NOBODY, AVAILABLE?, EIP_OK | EIP_MISSING | EIP_FOREIGN) of the VIP."""
    # By filter: an id that is gone is no error then, and a VIP on the pair's own ENIs needs no other look.
    pair = interfaces(api, [("network-interface-id", [conf.eni, conf.peer_eni])])
    found = vip_on(conf, pair)
    if found is None:
        if not pair:
            raise cloud.ApiError("ResourceNotFound", "neither %s nor %s exists" % (conf.eni, conf.peer_eni))
        # One value matches as a suffix: equality is checked in vip_on. Other VPCs may use the same address.
        found = vip_on(conf, interfaces(api, [("vpc-id", [pair[0]["VpcId"]]), ("address-ip", [conf.vip])]))
    return found or (NOBODY, False, EIP_MISSING if conf.eip else EIP_OK)


def interfaces(api, filters) -> list:
    request = {"Filters": [{"Name": name, "Values": values} for name, values in filters], "Limit": 100}
    return api.call("DescribeNetworkInterfaces", request).get("NetworkInterfaceSet") or []


def vip_on(conf, enis):
    for eni in enis:
        for address in eni.get("PrivateIpAddressSet") or []:
            if address.get("PrivateIpAddress") == conf.vip:
                eip = address.get("AddressId") or None
                # Without an EIP of the pair's, one that a person has bound is that person's business.
                seen = EIP_OK if conf.eip in (None, eip) else EIP_MISSING if eip is None else EIP_FOREIGN
                return eni["NetworkInterfaceId"], address.get("State") == "AVAILABLE", seen
    return None


def migrate(api, conf, source: str) -> str:
    """Asks for the VIP; gives the id of the task that moves it."""
    return move(api, conf, source, conf.eni)


def give(api, conf, target: str) -> str:
    """Hands the VIP to another ENI; gives the id of the task that moves it."""
    return move(api, conf, conf.eni, target)


def move(api, conf, source: str, target: str) -> str:
    request = {
        "SourceNetworkInterfaceId": source,
        "DestinationNetworkInterfaceId": target,
        "PrivateIpAddress": conf.vip,
    }
    return api.call("MigratePrivateIpAddress", request)["RequestId"]


def task(api, task_id: str):
    """(whether a task still runs, whether it has failed)."""
    try:
        status = api.call("DescribeVpcTaskResult", {"TaskId": task_id}).get("Status")
    except cloud.ApiError as error:
        if error.code != "ResourceNotFound":  # too young or too old to be known
            raise
        status = None
    return status == "RUNNING", status == "FAILED"


def assign(api, conf) -> str:
    """Puts a VIP that is on no ENI onto ours. An occupied one is refused by the cloud: this can't steal."""
    request = {"NetworkInterfaceId": conf.eni, "PrivateIpAddresses": [{"PrivateIpAddress": conf.vip}]}
    return api.call("AssignPrivateIpAddresses", request)["RequestId"]


def rebind(api, conf) -> bool:
    """One step towards an EIP on the VIP, whether another is needed after it. The VIP itself stays where it is."""
    found = (api.call("DescribeAddresses", {"AddressIds": [conf.eip]}).get("AddressSet") or [{}])[0]
    status = found.get("AddressStatus")
    if status == "UNBIND":
        request = {"AddressId": conf.eip, "NetworkInterfaceId": conf.eni, "PrivateIpAddress": conf.vip}
        api.call("AssociateAddress", request)
        return False
    if (found.get("NetworkInterfaceId"), found.get("PrivateAddressIp")) == (conf.eni, conf.vip):
        return False
    if status in ("BIND", "BIND_ENI"):
        api.call("DisassociateAddress", {"AddressId": conf.eip})
    return True
