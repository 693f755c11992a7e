import type * as pulumi from "@pulumi/pulumi";
import type { Ref, SecretRecord } from "../plan/records";
import { slug } from "../plan/names";
import { PlannedComponent, type Placed } from "./component";

export interface SecretsArgs {
  /** Name of the variable to where its value is from: made once, or the stack's config. */
  readonly secrets: Readonly<Record<string, "generate" | "required">>;
}

/** The reference of an app's secret. */
export const appSecret = (name: string): Ref<"secret"> => `secret:app-${slug(name)}`;

/** One record for each secret that the description declares. */
export function secrets(args: SecretsArgs): readonly SecretRecord[] {
  return Object.entries(args.secrets).map(([name, from]) => ({
    kind: "secret",
    name: `app-${slug(name)}`,
    source: from === "generate" ? { from: "generate", length: 40 } : { from: "config", key: name },
  }));
}

/**
 * The app's own secrets, the same for all variants of an environment.
 *
 * @example
 * new Secrets("secrets", { platform, secrets: { APP_SECRET: "generate", STRIPE_KEY: "required" } });
 */
export class Secrets extends PlannedComponent {
  constructor(name: string, args: SecretsArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("Secrets", name, secrets(args), args, opts);
    this.registerOutputs({});
  }
}
