import type * as pulumi from "@pulumi/pulumi";
import type { PlanRecord, Ref } from "../plan/records";

/** Whom realised records belong to. */
export interface Owner {
  /** Parent of every resource that is made. */
  readonly parent: pulumi.Resource;
  /** Value of the label `dockstage.component`. */
  readonly component: string;
}

/** What others are told of an environment that is up. */
export interface Announced {
  /** The stage that the stack is: dev, test, staging or live. */
  readonly stage: string;
  /** One for each variant. */
  readonly urls: readonly string[];
  /** URL of the mailbox, where the stage has one. */
  readonly mailbox?: string;
}

/**
 * A container platform: it turns plan records into provider resources. One object serves one environment and remembers what it
 * realised, so that a later record may refer to an earlier one, also across components.
 *
 * What a platform promises for each kind is in docs/adr/0001-plan.md; only the files in this folder import a provider package.
 */
export interface Platform {
  readonly name: "docker" | "swarm" | "kubernetes" | "fake";

  /** Sentences that say what of these records the platform cannot do, and why; nothing was made yet. */
  refuse(records: readonly PlanRecord[]): readonly string[];

  /**
   * Makes the resources of these records, in their order. At every change of a service: new containers, ready, route, old
   * containers gone; a service that does not get ready leaves the old one as it was.
   */
  realise(records: readonly PlanRecord[], owner: Owner): void;

  /** What the outside may know of a realised record: an image's digest or ID, a volume's physical name, a service's port on the host. */
  output(ref: Ref<"image"> | Ref<"volume"> | Ref<"service">): pulumi.Output<string>;

  /**
   * Enters the environment in the platform's list of environments (the host demux's page), once its routes are in use. It is no record of
   * the plan: nothing of the environment depends on it, and no service differs for it.
   */
  announce(announced: Announced): void;
}
