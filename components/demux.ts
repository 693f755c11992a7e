import type * as pulumi from "@pulumi/pulumi";
import { DOORS_NETWORK, doorName, ENVIRONMENTS_VOLUME, ROUTES_VOLUME } from "../plan/names";
import type { PlanRecord, Run, ServiceRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";

export type DemuxArgs =
  /** An environment's door: knows the routes of this environment only. */
  | { readonly mode: "door"; readonly project: string; readonly stack: string }
  /** The host's demux, the only owner of the HTTP port. `range` is the ports to try, `address` where to listen. */
  | { readonly mode: "host"; readonly address: string; readonly range: readonly [number, number] };

/** Where nginx keeps its routes. They are no input of the container, which therefore lives on when they change. */
const ROUTES = "/etc/nginx/routes";
/** Where the host's demux keeps the entries of its page. */
const ENVIRONMENTS = "/var/lib/dockstage/environments";

const run: Omit<Run, "command" | "networks" | "mounts" | "image"> = {
  env: {},
  secrets: [],
  files: {},
  scratch: ["/tmp"],
  readOnlyRoot: true,
  capabilities: [],
  limits: { memory: 64, cpus: 0.5 },
  after: [],
};

const service = (
  part: Pick<ServiceRecord, "name" | "command" | "image" | "networks" | "mounts" | "update" | "publish">,
): ServiceRecord => ({
  kind: "service",
  ...run,
  ...part,
  replicas: 1,
  health: { probe: { command: ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:8081/"] }, timeoutSeconds: 30, intervalSeconds: 10 },
  stop: { graceSeconds: 30 },
});

/** The records of a door or of the host's demux. */
export function demux(args: DemuxArgs): readonly PlanRecord[] {
  const image: PlanRecord = {
    kind: "image",
    name: "demux",
    source: { from: "build", context: [{ path: "package:images/demux", to: "" }], dockerfile: "Dockerfile", args: {}, secrets: {} },
  };
  switch (args.mode) {
    case "door":
      return [
        image,
        { kind: "volume", name: ROUTES_VOLUME, protect: false, disposable: true },
        service({
          name: "door",
          image: "image:demux",
          command: ["door"],
          networks: [
            { network: "network:edge", aliases: ["door"] },
            { network: "network:doors", aliases: [doorName(args.project, args.stack)] },
          ],
          mounts: [{ from: `volume:${ROUTES_VOLUME}`, path: ROUTES, readOnly: false }],
          // Both doors serve for a moment: they share the routes, and the host's demux asks the other one when one refuses.
          update: "start-first",
          publish: [],
        }),
      ];
    case "host":
      return [
        image,
        { kind: "volume", name: ENVIRONMENTS_VOLUME, protect: false, disposable: true },
        { kind: "network", name: "doors", internal: true, physicalName: DOORS_NETWORK },
        { kind: "network", name: "public", internal: false },
        service({
          name: "demux",
          image: "image:demux",
          command: ["host"],
          networks: [
            { network: "network:public", aliases: [] },
            { network: "network:doors", aliases: [] },
          ],
          mounts: [{ from: `volume:${ENVIRONMENTS_VOLUME}`, path: ENVIRONMENTS, readOnly: false }],
          // One port of the host can have one owner only.
          update: "stop-first",
          publish: [{ lease: "http", address: args.address, containerPort: 8080, range: args.range }],
        }),
      ];
    default:
      return args satisfies never;
  }
}

/**
 * An HTTP demultiplexer (nginx): as an environment's door, or as the host's only owner of the HTTP port.
 *
 * @example
 * new Demux("door", { platform, mode: "door", project: "portal", stack: "dev" });
 */
export class Demux extends PlannedComponent {
  constructor(name: string, args: DemuxArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("Demux", name, demux(args), args, opts);
    this.registerOutputs({});
  }
}
