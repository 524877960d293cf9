import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { pushProgram, sha256 } from "../push/bundle.ts";
import { installScripts } from "../push/scripts.ts";
import type { NodeFile } from "../render/model.ts";
import { asRoot, connectionTo, type Login } from "./ssh/login.ts";
import { sayingWhy } from "./ssh/unreachable.ts";

export interface NodeFilesArgs {
  login: Login;
  /** Files whose text is known before the cloud has made anything; secret ones travel on the secret standard input alone. */
  staticFiles: NodeFile[];
  /** Files that carry the cloud's ids; the same holds for secret ones. */
  cloudFiles: pulumi.Input<NodeFile[]>;
  /** Files whose text only the cloud knows, and nobody else may see: an access key. */
  secretFiles?: pulumi.Output<NodeFile[]> | undefined;
  instanceId: pulumi.Input<string>;
  /**
   * Id of a machine that was there before the pair and will be afterwards: what was on it is respected, and everything is
   * taken back by SSH, while it lives and has its second NIC. Undefined for a machine that goes with the pair.
   */
  existingId?: string | undefined;
  /** What makes the machine a node of the pair. */
  attachment: pulumi.Resource;
  /** What the pair keeps for as long as it exists. With it the machines go, and nothing has to be taken back on them. */
  foundation: pulumi.Resource;
  /** The last repair: another one installs the same files again. */
  repair: string | undefined;
  /** What has to be in place before the node can work. */
  installAfter: pulumi.Resource[];
}

/**
 * A node's files, installed and in force. One command per node, run again only when a file changes; the texts are inputs of
 * this component, so a preview shows their changed lines.
 */
export class NodeFiles extends pulumi.ComponentResource {
  readonly installed: command.remote.Command;

  constructor(name: string, args: NodeFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    const secretFiles = args.secretFiles ?? pulumi.output<NodeFile[]>([]);
    const files = pulumi.output(args.cloudFiles).apply((cloud) => [...args.staticFiles, ...cloud]);
    // One input per file: with the cloud's files still unknown the others are shown nevertheless.
    const open = (some: NodeFile[]) =>
      Object.fromEntries(some.filter(({ secrets }) => !secrets).map(({ path, content }) => [path, content]));
    const shown = { files: open(args.staticFiles), cloudFiles: pulumi.output(args.cloudFiles).apply(open) };
    super("keepalived-cluster:index:NodeFiles", name, shown, opts);

    // Of an existing machine, one for each: another machine is another command, and this one's removal takes its files back.
    const existing = args.existingId !== undefined;
    const commandName = existing ? `${name}-install-${args.existingId}` : `${name}-install`;
    const stdin = pulumi.all([files, secretFiles, this.urn]).apply(([known, secret, urn]) => {
      const all = [...known, ...secret];
      const mask = all.flatMap(({ secrets }) => secrets ?? []);
      const owner = `${urn}::${commandName}`;
      return pushProgram({ files: all, scripts: installScripts(), mask, owner, existing });
    });
    const shell = asRoot(args.login.user, "sh -s");
    // A change of the command is what runs it. The list belongs here and not in `triggers`: those replace the command, and
    // a replacement installs first and removes last. A secret's digest would let anybody confirm a guess; its change shows
    // in the standard input.
    // An output that depends on a secret is one: of such a file the list, which everybody sees, has the name alone.
    const named = pulumi.unsecret(
      secretFiles.apply((all) => all.map(({ path, mode }) => ({ path, mode, content: "", secrets: [] }))),
    );
    const list = pulumi.all([files, named]).apply(([known, secret]) =>
      [...known, ...secret]
        .sort((x, y) => (x.path < y.path ? -1 : 1))
        .map(
          ({ path, mode, content, secrets }) =>
            `# ${path} ${mode} ${secrets ? "secret" : sha256(content).slice(0, 12)}`,
        )
        .join("\n"),
    );
    // As JSON, which is one line: it comes from somebody's environment.
    const repaired = args.repair === undefined ? "" : `\n# repaired ${JSON.stringify(args.repair)}`;
    this.installed = new command.remote.Command(
      commandName,
      {
        connection: connectionTo(args.login),
        stdin: pulumi.secret(stdin),
        // The machine's id as well: a new one may have got the address of the old one.
        create: pulumi.interpolate`${shell} install\n# on ${args.instanceId}${repaired}\n${list}`,
        delete: `${shell} uninstall`,
        // True would set a variable that no stock sshd accepts, with a warning for each.
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        ...sayingWhy(commandName, args.login),
        dependsOn: [args.attachment, ...args.installAfter],
        // Neither the machine nor the ENI's attachment, which a new one replaces: then the engine would insist on a removal by
        // SSH, from a machine that may be replaced because it is dead, and after an attachment that was refused the CLI (3.260)
        // even ends with "unknown provider". So on a new machine this is but a change.
        ...(!existing && { deletedWith: args.foundation }),
        deleteBeforeReplace: true,
        // A secret stdin does not make what the command prints a secret.
        additionalSecretOutputs: ["stdout", "stderr"],
      },
    );
    this.registerOutputs({});
  }
}
