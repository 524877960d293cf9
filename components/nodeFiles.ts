import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { NodeFile } from "../render/model.ts";
import { installScripts } from "../render/render.ts";
import { hostKeyIn, pushProgram, sha256 } from "./bundle.ts";

export interface NodeFilesArgs {
  host: pulumi.Input<string>;
  user: string;
  /** Private key, PEM. */
  privateKey: pulumi.Input<string>;
  /** The node's host key, undefined to accept any. */
  hostKey: string | undefined;
  /** Files whose text is known before the cloud has made anything; secret ones travel on the secret standard input alone. */
  staticFiles: NodeFile[];
  /** Files that carry the cloud's ids. */
  cloudFiles: pulumi.Input<NodeFile[]>;
  /** The machine: once it goes, there is nothing left to remove from it. */
  instance: pulumi.Resource;
  /** What has to be in place before the node can work. */
  installAfter: pulumi.Resource[];
}

/** 1 + 60 attempts with growing pauses: about four minutes while nothing listens, as on a machine that boots. */
const dialErrorLimit = 60;

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
    const shown = pulumi
      .output(args.cloudFiles)
      .apply((cloud) => Object.fromEntries(cloud.map(({ path, content }) => [path, content])));
    const open = args.staticFiles.filter(({ secret }) => !secret);
    const known = Object.fromEntries(open.map(({ path, content }) => [path, content]));
    super("keepalived-cluster:index:NodeFiles", name, { files: known, cloudFiles: shown }, opts);

    const commandName = `${name}-install`;
    const mask = args.staticFiles.filter(({ secret }) => secret).map(({ content }) => content.trim());
    const stdin = pulumi
      .all([files, this.urn])
      .apply(([all, urn]) =>
        pushProgram({ files: all, scripts: installScripts(), mask, owner: `${urn}::${commandName}` }),
      );
    const shell = args.user === "root" ? "sh -s" : "sudo -n sh -s";
    // A change of the command is what runs it. The list belongs here and not in `triggers`: those replace the command, and
    // a replacement installs first and removes last. A secret's digest would let anybody confirm a guess; its change shows
    // in the standard input.
    const list = files.apply((all) =>
      [...all]
        .sort((x, y) => (x.path < y.path ? -1 : 1))
        .map(
          ({ path, mode, content, secret }) => `# ${path} ${mode} ${secret ? "secret" : sha256(content).slice(0, 12)}`,
        )
        .join("\n"),
    );

    this.installed = new command.remote.Command(
      commandName,
      {
        connection: pulumi.secret({
          host: args.host,
          user: args.user,
          privateKey: args.privateKey,
          hostKey: args.hostKey,
          dialErrorLimit,
        }),
        stdin: pulumi.secret(stdin),
        create: pulumi.interpolate`${shell} install\n${list}`,
        delete: `${shell} uninstall`,
        // True would set a variable that no stock sshd accepts, with a warning for each.
        addPreviousOutputInEnv: false,
      },
      {
        parent: this,
        dependsOn: args.installAfter,
        deletedWith: args.instance,
        deleteBeforeReplace: true,
        // A secret stdin does not make what the command prints a secret.
        additionalSecretOutputs: ["stdout", "stderr"],
      },
    );
    this.hostKey = pulumi.unsecret(this.installed.stdout.apply(hostKeyIn));
    this.registerOutputs({ hostKey: this.hostKey });
  }
}
