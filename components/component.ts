import * as pulumi from "@pulumi/pulumi";
import type { PlanRecord } from "../plan/records";
import type { Platform } from "../platforms/platform";

/** What every component takes besides its own arguments. */
export interface Placed {
  /** Where it runs, for example `dockerPlatform({ ... })`. */
  readonly platform: Platform;
}

/** A component that realises plan records and adds nothing that they do not say. */
export abstract class PlannedComponent extends pulumi.ComponentResource {
  protected constructor(
    type: string,
    name: string,
    records: readonly PlanRecord[],
    { platform }: Placed,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(`dockstage:components:${type}`, name, {}, opts);
    platform.realise(records, { parent: this, component: name });
  }
}
