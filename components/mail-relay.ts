import type * as pulumi from "@pulumi/pulumi";
import type { PlanRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";

/** catch: everything goes to the environment's own catcher, with the envelope as it was. `to` is the catcher's `host:port`. */
export type MailRelayArgs = { readonly mode: "catch"; readonly to: string };

/** Where programs find the relay, in every environment: no TLS and no password in there. */
export const RELAY = { host: "mail", port: 25 } as const;

/** The only way out for mail: takes it from the app and keeps it until it could be handed on. */
export function mailRelay(args: MailRelayArgs): readonly PlanRecord[] {
  return [
    {
      kind: "image",
      name: "relay",
      source: { from: "build", context: [{ path: "package:images/relay", to: "" }], dockerfile: "Dockerfile", args: {}, secrets: {} },
    },
    // The queue: what the relay has accepted is not lost with its container.
    { kind: "volume", name: "spool", protect: false, disposable: true },
    {
      kind: "service",
      name: "relay",
      image: "image:relay",
      command: [args.mode, args.to],
      env: {},
      secrets: [],
      files: {},
      mounts: [{ from: "volume:spool", path: "/var/spool/postfix", readOnly: false }],
      // Its configuration is written when it starts.
      scratch: ["/tmp", "/run", "/etc/postfix", "/var/lib/postfix"],
      networks: [
        { network: "network:data", aliases: [RELAY.host] },
        { network: "network:mail", aliases: [] },
      ],
      readOnlyRoot: true,
      // Postfix's master starts as root, makes the folders of an empty queue, opens port 25, and its daemons drop to their own users.
      capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"],
      limits: { memory: 128, cpus: 1 },
      after: [],
      replicas: 1,
      // Two of them would share a queue.
      update: "stop-first",
      health: { probe: { command: ["relay-health"] }, timeoutSeconds: 60, intervalSeconds: 10 },
      stop: { graceSeconds: 30 },
      publish: [],
    },
  ];
}

/**
 * A mail relay (Postfix) in the environment, as `mail:25`.
 *
 * @example
 * new MailRelay("relay", { platform, mode: "catch", to: "catcher:1025" });
 */
export class MailRelay extends PlannedComponent {
  constructor(name: string, args: MailRelayArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("MailRelay", name, mailRelay(args), args, opts);
    this.registerOutputs({});
  }
}
