import type * as pulumi from "@pulumi/pulumi";
import { DOORS_NETWORK } from "../plan/names";
import type { NetworkRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";

/** An environment's networks take no arguments: they are the same everywhere. */
export type NetworksArgs = Record<never, never>;

/** `edge` (door and web), `data` (app, databases, mail relay) and `mail` (relay and catcher), without a way out, and the host program's `doors`. */
export function networks(_args: NetworksArgs = {}): readonly NetworkRecord[] {
  return [
    // Most services wait for this one.
    { kind: "network", name: "data", internal: true },
    { kind: "network", name: "edge", internal: true },
    { kind: "network", name: "mail", internal: true },
    { kind: "network", name: "doors", internal: true, external: DOORS_NETWORK },
  ];
}

/**
 * The networks of an environment: a closed box with one door.
 *
 * @example
 * new Networks("networks", { platform });
 */
export class Networks extends PlannedComponent {
  constructor(name: string, args: NetworksArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("Networks", name, networks(args), args, opts);
    this.registerOutputs({});
  }
}
