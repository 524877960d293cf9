/** The key by which a machine's SSH server is known again. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { NodeName } from "../../render/model.ts";
import { proofProgram, proves } from "./firstLogin.ts";
import { connectionTo, type Login } from "./login.ts";
import { sayingWhy } from "./unreachable.ts";

/**
 * Tells the key that the server offers which has taken the connection: by its files alone it might be one that sshd is told
 * not to use, and no later connection would come about. ssh-keyscan is in the package of the clients, and not everywhere.
 * An RSA key can't be insisted on: the provider's SSH client offers only `ssh-rsa` (SHA-1) for it, which sshd refuses.
 */
const tell = `${proofProgram}set -- \${SSH_CONNECTION:-}
offered() { ssh-keyscan -T 5 -p "$4" -t "$k" "$3" 2>/dev/null | sed -n 's/^[^# ][^ ]* //p'; }
on_disk() { cut -d ' ' -f 1,2 "/etc/ssh/ssh_host_\${k}_key.pub" 2>/dev/null; }
for from in offered on_disk; do
  for k in ed25519 ecdsa; do
    key=$($from "$@" | head -n 1)
    [ -n "$key" ] || continue
    printf '\nhost key: %s\nproof: %s\n' "$key" "$(proof "$key")"
    exit 0
  done
done
`;

/** The host key in what the program printed, in between whatever a login prints by itself; null without one. */
export function hostKeyIn(printed: string | undefined): string | null {
  const line = /^host key: ((?:ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)) [\w+/]+=*)\r?$/;
  return printed?.split("\n").flatMap((text) => line.exec(text)?.[1] ?? [])[0] ?? null;
}

const proofIn = (printed: string): string | null => /^proof: ([0-9a-f]{64})\r?$/m.exec(printed)?.[1] ?? null;

export interface HostKeyArgs {
  node: NodeName;
  /** What the user says: a key, or `any`. */
  given: string | undefined;
  /** How the machine is reached; its host key is not known yet. */
  login: Login;
  /** Another machine shows another key, which is taken: the cloud, and not who answers, says that it is another one. */
  instanceId: pulumi.Input<string>;
  /** What the machine knows from its user data, and proves at its first login; null where it was given nothing. */
  secret: string | null;
}

/**
 * The host key that logins insist on: the user's, or the one that the machine showed at its first login, kept for as long as
 * the machine is the node. An update opens no connection for it. Null where any is accepted: by the user's word, or with a
 * warning where the machine has none that could be insisted on; with another one where it has not proved that the key is its own.
 */
export function hostKeyOf(
  name: string,
  { node, given, login, instanceId, secret }: HostKeyArgs,
  opts: pulumi.ComponentResourceOptions,
): pulumi.Output<string | null> {
  if (given !== undefined) return pulumi.output(given === "any" ? null : given);
  const told = new command.remote.Command(
    name,
    {
      connection: connectionTo(login),
      create: "sh -s",
      stdin: tell,
      triggers: [instanceId],
      addPreviousOutputInEnv: false,
    },
    // Neither another way to the machine nor another release makes it another machine.
    { ...opts, ...sayingWhy(name, login), ignoreChanges: ["connection", "stdin"] },
  );
  return pulumi.all([pulumi.unsecret(told.stdout), pulumi.unsecret(told.stdin)]).apply(([printed, asked]) => {
    const key = hostKeyIn(printed);
    const warn = (text: string) => void pulumi.log.warn(text, told);
    if (key === null) {
      const text = `Node ${node} shows no host key that could be insisted on (ed25519 or ecdsa), so any is accepted.`;
      warn(`${text} Where that is meant: pulumi config set --path hostKeys.${node} any`);
      return null;
    }
    // A first login of an older release asked for no proof; such a machine has nothing to prove it with.
    const asksForProof = asked?.includes(proofProgram) ?? false;
    if (secret !== null && asksForProof && !proves(proofIn(printed), secret, key)) {
      warn(
        `Node ${node} did not prove at its first login that it is the machine which the cloud has made. Compare with ` +
          `/etc/ssh/*.pub on its console in the browser. Where it is right: pulumi config set --path hostKeys.${node} "${key}"`,
      );
    }
    return key;
  });
}
