"""The whole life of a pair by the vendor's Python SDK: `life.py <port> <region>`, the keys in the environment.

Prints what it has made and moved as JSON; any answer that is not as it should be ends it with a traceback.
"""

import base64
import json
import sys
import time

from tencentcloud.cam.v20190116 import cam_client
from tencentcloud.cam.v20190116 import models as cam_models
from tencentcloud.common import credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.cvm.v20170312 import cvm_client
from tencentcloud.cvm.v20170312 import models as cvm_models
from tencentcloud.tag.v20180813 import models as tag_models
from tencentcloud.tag.v20180813 import tag_client
from tencentcloud.vpc.v20170312 import models as vpc_models
from tencentcloud.vpc.v20170312 import vpc_client

PORT, REGION = sys.argv[1:]
ZONE = REGION + "-3"
VIP = "10.1.1.100"
LIMIT_S = 30


class Service:
    """Calls by name, as `vpc.CreateVpc(VpcName=...)`; the answer is the SDK's own object."""

    def __init__(self, client, models) -> None:
        profile = HttpProfile(protocol="http", endpoint="127.0.0.1:" + PORT, reqTimeout=10)
        keys = credential.EnvironmentVariableCredential().get_credential()
        self.client, self.models = client(keys, REGION, ClientProfile(httpProfile=profile)), models

    def __getattr__(self, action: str):
        def call(**parameters):
            request = getattr(self.models, action + "Request")()
            request.from_json_string(json.dumps(parameters))
            return getattr(self.client, action)(request)

        return call


vpc = Service(vpc_client.VpcClient, vpc_models)
cvm = Service(cvm_client.CvmClient, cvm_models)
cam = Service(cam_client.CamClient, cam_models)
tag = Service(tag_client.TagClient, tag_models)


def until(what: str, look):
    deadline = time.monotonic() + LIMIT_S
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < deadline, "%s did not happen within %d s" % (what, LIMIT_S)
        time.sleep(0.02)


def same(seen, wanted) -> None:
    assert seen == wanted, "%r, wanted %r" % (seen, wanted)


def refused(code: str, call, **parameters) -> None:
    try:
        call(**parameters)
    except TencentCloudSDKException as error:
        same(error.get_code(), code)
        assert error.get_request_id()
    else:
        raise AssertionError("%s expected" % code)


def done(answer) -> None:
    """Waits for the end of an asynchronous VPC call."""

    def status():
        now = vpc.DescribeVpcTaskResult(TaskId=answer.RequestId).Status
        return now if now != "RUNNING" else None

    same(until("the task", status), "SUCCESS")


def eni(eni_id: str):
    return vpc.DescribeNetworkInterfaces(NetworkInterfaceIds=[eni_id]).NetworkInterfaceSet[0]


def addresses(eni_id: str):
    return {ip.PrivateIpAddress: ip.State for ip in eni(eni_id).PrivateIpAddressSet}


def eip():
    return vpc.DescribeAddresses(AddressIds=[eip_id]).AddressSet[0]


def eip_bound_on(eni_id: str):
    return until("the EIP on %s" % eni_id, lambda: eip().AddressStatus == "BIND" and eip().NetworkInterfaceId == eni_id)


def free_addresses() -> int:
    return vpc.DescribeSubnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}]).SubnetSet[0].AvailableIpAddressCount


# The network.
vpc_id = vpc.CreateVpc(VpcName="pair", CidrBlock="10.1.0.0/16", Tags=[{"Key": "project", "Value": "vip"}]).Vpc.VpcId
subnet_id = vpc.CreateSubnet(VpcId=vpc_id, SubnetName="pair", CidrBlock="10.1.1.0/24", Zone=ZONE).Subnet.SubnetId
group = vpc.CreateSecurityGroup(GroupName="pair", GroupDescription="of a pair").SecurityGroup.SecurityGroupId
rule = {"Protocol": "TCP", "Port": "80", "CidrBlock": "0.0.0.0/0", "Action": "ACCEPT", "PolicyDescription": "service"}
vpc.ModifySecurityGroupPolicies(SecurityGroupId=group, SecurityGroupPolicySet={"Ingress": [rule]})
rules = vpc.DescribeSecurityGroupPolicies(SecurityGroupId=group).SecurityGroupPolicySet
same([(rule.Protocol, rule.Port, rule.CidrBlock) for rule in rules.Ingress], [("TCP", "80", "0.0.0.0/0")])
same(vpc.DescribeVpcs(VpcIds=[vpc_id]).VpcSet[0].TagSet[0].Value, "vip")
same(free_addresses(), 253)

# Two ENIs, the VIP on the first.
enis = []
for given in (["10.1.1.11", VIP], ["10.1.1.12"]):
    answer = vpc.CreateNetworkInterface(
        VpcId=vpc_id,
        SubnetId=subnet_id,
        NetworkInterfaceName="node",
        SecurityGroupIds=[group],
        PrivateIpAddresses=[{"PrivateIpAddress": ip, "Primary": n == 0} for n, ip in enumerate(given)],
    )
    done(answer)
    enis.append(answer.NetworkInterface.NetworkInterfaceId)
a, b = enis
same(addresses(a), {"10.1.1.11": "AVAILABLE", VIP: "AVAILABLE"})

# A role that two machines have, and a key.
trust = {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": ["cvm.qcloud.com"]}}
may = {"action": ["vpc:MigratePrivateIpAddress"], "effect": "allow", "resource": ["*"]}
role_id = cam.CreateRole(RoleName="pair", PolicyDocument=json.dumps({"version": "2.0", "statement": [trust]})).RoleId
document = json.dumps({"version": "2.0", "statement": [may]})
policy_id = cam.CreatePolicy(PolicyName="pair", PolicyDocument=document).PolicyId
cam.AttachRolePolicy(AttachRoleName="pair", PolicyId=policy_id)
same([policy.PolicyName for policy in cam.ListAttachedRolePolicies(Page=1, Rp=20, RoleName="pair").List], ["pair"])
blob = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-rsa", b"\1\0\1", b"\0" + b"\xc3" * 256))
public_key = "ssh-rsa " + base64.b64encode(blob).decode()
key_id = cvm.ImportKeyPair(KeyName="pair", ProjectId=0, PublicKey=public_key).KeyId

image = cvm.DescribeImages(Filters=[{"Name": "image-type", "Values": ["PUBLIC_IMAGE"]}]).ImageSet[0]
instances = [
    cvm.RunInstances(
        Placement={"Zone": ZONE},
        ImageId=image.ImageId,
        InstanceType="S5.MEDIUM4",
        InstanceName="pair-" + side,
        VirtualPrivateCloud={"VpcId": vpc_id, "SubnetId": subnet_id},
        SecurityGroupIds=[group],
        LoginSettings={"KeyIds": [key_id]},
        CamRoleName="pair",
        UserData=base64.b64encode(b"#!/bin/sh\n").decode(),
        TagSpecification=[{"ResourceType": "instance", "Tags": [{"Key": "project", "Value": "vip"}]}],
        ClientToken="pair-" + side,
    ).InstanceIdSet[0]
    for side in "ab"
]


def states():
    return [machine.InstanceState for machine in cvm.DescribeInstances(InstanceIds=instances).InstanceSet]


until("both machines running", lambda: states() == ["RUNNING"] * 2)
for eni_id, instance_id in zip(enis, instances):
    done(vpc.AttachNetworkInterface(NetworkInterfaceId=eni_id, InstanceId=instance_id))
same(eni(a).Attachment.InstanceId, instances[0])
tags = {"ServiceType": "cvm", "ResourcePrefix": "instance", "ResourceIds": instances, "ResourceRegion": REGION}
until("the machines' tags", lambda: len(tag.DescribeResourceTagsByResourceIds(**tags).Tags) == 2)

# The EIP on the VIP; both move.
eip_id = vpc.AllocateAddresses(AddressCount=1, InternetChargeType="TRAFFIC_POSTPAID_BY_HOUR").AddressSet[0]
until("the EIP", lambda: eip().AddressStatus == "UNBIND")
task = vpc.AssociateAddress(AddressId=eip_id, NetworkInterfaceId=a, PrivateIpAddress=VIP).TaskId
until("the binding", lambda: vpc.DescribeTaskResult(TaskId=int(task)).Result == "SUCCESS")
eip_bound_on(a)
move = {"SourceNetworkInterfaceId": a, "DestinationNetworkInterfaceId": b, "PrivateIpAddress": VIP}
done(vpc.MigratePrivateIpAddress(**move))
same(addresses(b), {"10.1.1.12": "AVAILABLE", VIP: "AVAILABLE"})
eip_bound_on(b)
refused("UnauthorizedOperation.AttachmentNotFound", vpc.MigratePrivateIpAddress, **move)
refused("ResourceInUse", vpc.DeleteSubnet, SubnetId=subnet_id)

# The end.
vpc.DisassociateAddress(AddressId=eip_id)
until("the EIP free", lambda: eip().AddressStatus == "UNBIND")
vpc.ReleaseAddresses(AddressIds=[eip_id])
for eni_id, instance_id in zip(enis, instances):
    done(vpc.DetachNetworkInterface(NetworkInterfaceId=eni_id, InstanceId=instance_id))
cvm.TerminateInstances(InstanceIds=instances)
until("the end of the machines", lambda: states() == [])
for eni_id in enis:
    done(vpc.DeleteNetworkInterface(NetworkInterfaceId=eni_id))
cvm.DeleteKeyPairs(KeyIds=[key_id])
cam.DetachRolePolicy(DetachRoleName="pair", PolicyId=policy_id)
cam.DeletePolicy(PolicyId=[policy_id])
cam.DeleteRole(RoleId=role_id)
until("the subnet empty", lambda: free_addresses() == 253)
vpc.DeleteSubnet(SubnetId=subnet_id)
vpc.DeleteSecurityGroup(SecurityGroupId=group)
vpc.DeleteVpc(VpcId=vpc_id)
print(json.dumps({"enis": enis, "instances": instances}))
