import type * as pulumi from "@pulumi/pulumi";
import type { Description } from "../config/settings";
import type { PlanRecord } from "../plan/records";
import { fill, type Value } from "../plan/text";
import { PlannedComponent, type Placed } from "./component";
import { argumentsOf, FOREIGN_CAPABILITIES, limitsOf } from "./defaults";
import { environmentOf } from "./variables";

export interface CompanionArgs {
  /** Host name under which the app reaches it. */
  readonly host: string;
  readonly service: Description["services"][string];
  /** What `${...}` in its variables stands for. */
  readonly values: Readonly<Record<string, Value>>;
  readonly protect: boolean;
}

/** A third-party service beside the app (a cache, a queue, a search engine). */
export function companion({ host, service, values, protect }: CompanionArgs): readonly PlanRecord[] {
  const { env, secrets, records } = environmentOf(
    host,
    Object.fromEntries(Object.entries(service.env).map(([key, text]) => [key, fill(text, values)])),
  );
  return [
    { kind: "image", name: host, source: { from: "reference", reference: service.image } },
    ...(service.data ? [{ kind: "volume", name: `data-${host}`, protect } as const] : []),
    ...records,
    {
      kind: "service",
      name: host,
      image: `image:${host}`,
      ...(service.run && { command: argumentsOf(service.run) }),
      env,
      secrets,
      files: {},
      mounts: service.data ? [{ from: `volume:data-${host}`, path: service.data, readOnly: false }] : [],
      scratch: [],
      networks: [{ network: "network:data", aliases: [host] }],
      readOnlyRoot: false,
      capabilities: FOREIGN_CAPABILITIES,
      limits: limitsOf(service, { memory: 256, cpus: 0.5 }),
      after: [],
      replicas: 1,
      update: "stop-first",
      stop: { graceSeconds: 30 },
      publish: [],
      keep: { as: "data", service: host },
    },
  ];
}

/**
 * A third-party service beside the app.
 *
 * @example
 * new Companion("redis", { platform, host: "redis", service: { image: "redis:7", data: "/data", env: {} }, values: {}, protect: false });
 */
export class Companion extends PlannedComponent {
  constructor(name: string, args: CompanionArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("Companion", name, companion(args), args, opts);
    this.registerOutputs({});
  }
}
