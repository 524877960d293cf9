import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { hostKeyIn, pushProgram, sha256 } from "../push/bundle.ts";
import { installScripts } from "../push/scripts.ts";
import type { NodeFile } from "../render/model.ts";
import { asRoot, connectionTo, type Login } from "./login.ts";

export interface NodeFilesArgs {
  login: Login;
  /** Files whose text is known before the cloud has made anything; secret ones travel on the secret standard input alone. */
  staticFiles: NodeFile[];
  /** Files that carry the cloud's ids; the same holds for secret ones. */
  cloudFiles: pulumi.Input<NodeFile[]>;
  instanceId: pulumi.Input<string>;
  /** What makes the machine a node of the pair. */
  attachment: pulumi.Resource;
  /** What the pair keeps for as long as it exists. With it the machines go, and nothing has to be taken back on them. */
  foundation: pulumi.Resource;
  /** What has to be in place before the node can work. */
  installAfter: pulumi.Resource[];
}

/**
 * A node's files, installed and in force. One command per node, run again only when a file changes; the texts are inputs of
 * this component, so a preview shows their changed lines.
 */
export class NodeFiles extends pulumi.ComponentResource {
  /** The node's own host key, as it told on the last installation; null until then. */
  readonly hostKey: pulumi.Output<string | null>;
  readonly installed: command.remote.Command;

  constructor(name: string, args: NodeFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    const files = pulumi.output(args.cloudFiles).apply((cloud) => [...args.staticFiles, ...cloud]);
    // One input per file: with the cloud's files still unknown the others are shown nevertheless.
    const open = (some: NodeFile[]) =>
      Object.fromEntries(some.filter(({ secrets }) => !secrets).map(({ path, content }) => [path, content]));
    const shown = { files: open(args.staticFiles), cloudFiles: pulumi.output(args.cloudFiles).apply(open) };
    super("keepalived-cluster:index:NodeFiles", name, shown, opts);

    const commandName = `${name}-install`;
    const stdin = pulumi.all([files, this.urn]).apply(([all, urn]) => {
      const mask = all.flatMap(({ secrets }) => secrets ?? []);
      return pushProgram({ files: all, scripts: installScripts(), mask, owner: `${urn}::${commandName}` });
    });
    const shell = asRoot(args.login.user, "sh -s");
    // A change of the command is what runs it. The list belongs here and not in `triggers`: those replace the command, and
    // a replacement installs first and removes last. A secret's digest would let anybody confirm a guess; its change shows
    // in the standard input.
    const list = files.apply((all) =>
      [...all]
        .sort((x, y) => (x.path < y.path ? -1 : 1))
        .map(
          ({ path, mode, content, secrets }) =>
            `# ${path} ${mode} ${secrets ? "secret" : sha256(content).slice(0, 12)}`,
        )
        .join("\n"),
    );

    this.installed = new command.remote.Command(
      commandName,
      {
        connection: connectionTo(args.login),
        stdin: pulumi.secret(stdin),
        // The machine's id as well: a new one may have got the address of the old one.
        create: pulumi.interpolate`${shell} install\n# on ${args.instanceId}\n${list}`,
        delete: `${shell} uninstall`,
        // True would set a variable that no stock sshd accepts, with a warning for each.
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        dependsOn: [args.attachment, ...args.installAfter],
        // Neither the machine nor the ENI's attachment, which a new one replaces: then the engine would insist on a removal by
        // SSH, from a machine that may be replaced because it is dead, and after an attachment that was refused the CLI (3.260)
        // even ends with "unknown provider". So on a new machine this is but a change.
        deletedWith: args.foundation,
        deleteBeforeReplace: true,
        // A secret stdin does not make what the command prints a secret.
        additionalSecretOutputs: ["stdout", "stderr"],
      },
    );
    this.hostKey = pulumi.unsecret(this.installed.stdout.apply(hostKeyIn));
    this.registerOutputs({ hostKey: this.hostKey });
  }
}
