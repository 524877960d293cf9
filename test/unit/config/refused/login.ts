import { without } from "../problems.ts";
import type { Row } from "./row.ts";

/** How one logs in on the nodes. */
export const loginRows: Row[] = [
  [
    "no private key",
    without("sshPrivateKey"),
    "sshPrivateKey: is missing; allowed: the private half of sshPublicKey, set with --secret, or agentSocketPath of an SSH agent that has it",
  ],
  [
    "no private half of a key pair in the cloud",
    { ...without("sshPublicKey", "sshPrivateKey"), keyPairId: "skey-1" },
    "sshPrivateKey: is missing; allowed: the private half of keyPairId, set with --secret, or agentSocketPath of an SSH agent that has it",
  ],
  [
    "a private key alone",
    without("sshPublicKey"),
    "sshPrivateKey: (not shown) came without a key for the machines; allowed: sshPublicKey or keyPairId with it, or none of them: then the stack makes a key of its own",
  ],
  [
    "an agent alone",
    { ...without("sshPublicKey", "sshPrivateKey"), agentSocketPath: "SSH_AUTH_SOCK" },
    "agentSocketPath: came without a key for the machines; allowed: sshPublicKey or keyPairId with it, or none of them: then the stack makes a key of its own",
  ],
  [
    "a private key and an agent",
    { agentSocketPath: "/run/user/1000/agent" },
    "agentSocketPath: came together with sshPrivateKey; allowed: one of the two",
  ],
  [
    "an agent's name for its socket",
    { ...without("sshPrivateKey"), agentSocketPath: "my-agent" },
    `agentSocketPath: "my-agent" is not allowed; allowed: the path of an SSH agent's socket, or SSH_AUTH_SOCK for the one that this variable names`,
  ],
  [
    "both kinds of public key",
    { keyPairId: "skey-1" },
    "keyPairId: came together with sshPublicKey; allowed: one of the two",
  ],
  [
    "SSH from anywhere",
    { sshCidrs: '["0.0.0.0/0"]' },
    'sshCidrs: "0.0.0.0/0" opens SSH to the internet; allowed: your own networks, /8 or narrower, for example 203.0.113.7/32',
  ],
  [
    "SSH from half of everywhere",
    { sshCidrs: '["128.0.0.0/1"]' },
    'sshCidrs: "128.0.0.0/1" opens SSH to the internet; allowed: your own networks, /8 or narrower, for example 203.0.113.7/32',
  ],
  [
    "SSH from nowhere",
    { sshCidrs: "[]" },
    "sshCidrs: is missing: with nodePublicIp the nodes are reached over the internet; allowed: the networks you log in from, for example 203.0.113.7/32, or a bastion with a public IPv4 address as bastion.host",
  ],
  [
    "a bastion of which nobody knows from where the nodes see it",
    { sshCidrs: "[]", bastion: '{"host":"bastion.example.com"}' },
    "sshCidrs: is missing: with nodePublicIp the nodes are reached over the internet; allowed: the networks you log in from, for example 203.0.113.7/32, or a bastion with a public IPv4 address as bastion.host",
  ],
  [
    "a bastion without its address",
    { bastion: '{"user":"ops"}' },
    "bastion.host: is missing; allowed: a name or an IPv4 address",
  ],
  [
    "a bastion's unknown part, of which nothing is shown",
    { bastion: '{"host":"b.example","password":"hunter2"}' },
    "bastion.password: (not shown) is not allowed; allowed: host, a name or an IPv4 address, with user, port, hostKey and privateKey if you like",
  ],
  [
    "an option for a bastion's address",
    { bastion: '{"host":"-oProxyCommand=x"}' },
    "bastion.host: (not shown) is not allowed; allowed: host, a name or an IPv4 address, with user, port, hostKey and privateKey if you like",
  ],
  [
    "a bastion that does not know the stack's own key",
    { ...without("sshPublicKey", "sshPrivateKey"), bastion: '{"host":"198.51.100.7"}' },
    "bastion.privateKey: is missing: the bastion does not know the key that the stack makes; allowed: its private key, set with --secret, or a key of yours for all machines: sshPublicKey with sshPrivateKey",
  ],
  [
    "an RSA host key",
    { hostKeys: JSON.stringify({ a: `ssh-rsa ${"A".repeat(60)}` }) },
    `hostKeys.a: "ssh-rsa ${"A".repeat(51)}… is not allowed; allowed: any, or the line of its /etc/ssh/ssh_host_ed25519_key.pub (ed25519 or ecdsa; an RSA host key can't be pinned)`,
  ],
];
