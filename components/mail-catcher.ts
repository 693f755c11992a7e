import type * as pulumi from "@pulumi/pulumi";
import type { PlanRecord, Ref } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";
import { FOREIGN_CAPABILITIES } from "./defaults";

export interface MailCatcherArgs {
  /** Another catcher. @default dockstage's own, with maildev */
  readonly image?: string;
  /** Port on which it takes mail by SMTP, from the relay. @default 1025 */
  readonly smtpPort?: number;
  /** Port of its web page and API. @default 1080 */
  readonly webPort?: number;
  /** Host names of the mailbox. */
  readonly hosts: readonly string[];
  readonly door: Ref<"service">;
}

/** Where the relay brings mail: only the relay is in the catcher's mail network. */
export const catcherAddress = ({ smtpPort = 1025 }: Pick<MailCatcherArgs, "smtpPort">): string => `catcher:${smtpPort}`;

/** A mailbox for everything that an environment sends, with a web page behind the door. */
export function mailCatcher({ image, webPort = 1080, hosts, door }: MailCatcherArgs): readonly PlanRecord[] {
  return [
    {
      kind: "image",
      name: "catcher",
      source: image
        ? { from: "reference", reference: image }
        : { from: "build", context: [{ path: "package:images/catcher", to: "" }], dockerfile: "Dockerfile", args: {}, secrets: {} },
    },
    // What was caught outlives the container. Another image keeps its mail where it likes.
    ...(image ? [] : [{ kind: "volume", name: "mailbox", protect: false, disposable: true } as const]),
    {
      kind: "service",
      name: "catcher",
      image: "image:catcher",
      env: {},
      secrets: [],
      files: {},
      mounts: image ? [] : [{ from: "volume:mailbox", path: "/var/mail/catcher", readOnly: false }],
      scratch: image ? [] : ["/tmp"],
      networks: [
        { network: "network:mail", aliases: ["catcher"] },
        { network: "network:edge", aliases: [] },
      ],
      readOnlyRoot: !image,
      capabilities: image ? FOREIGN_CAPABILITIES : [],
      limits: { memory: 512, cpus: 1 },
      after: [],
      replicas: 1,
      // Two of them would share a mailbox.
      update: "stop-first",
      health: { probe: { http: { port: webPort, path: "/", from: door } }, timeoutSeconds: 60, intervalSeconds: 10 },
      stop: { graceSeconds: 10 },
      publish: [],
    },
    { kind: "route", name: "mail", door, hosts, service: "service:catcher", port: webPort, after: [] },
  ];
}

/**
 * A mail catcher: shows what an environment sends and passes nothing on.
 *
 * @example
 * new MailCatcher("catcher", { platform, hosts: ["mail.portal.dev.localhost"], door: "service:door" });
 */
export class MailCatcher extends PlannedComponent {
  constructor(name: string, args: MailCatcherArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("MailCatcher", name, mailCatcher(args), args, opts);
    this.registerOutputs({});
  }
}
