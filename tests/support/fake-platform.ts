import * as pulumi from "@pulumi/pulumi";
import { refOf, type PlanRecord, type Ref } from "../../plan/records";
import { refsOf } from "../../plan/validate";
import type { Announced, Owner, Platform } from "../../platforms/platform";

/** A platform that makes nothing and remembers what it was asked for; it holds the interface to what the plan says. */
export class FakePlatform implements Platform {
  readonly name = "fake";
  readonly made: { readonly ref: Ref; readonly component: string; readonly record: PlanRecord }[] = [];
  announced: Announced | undefined;

  /** It has no host ports, to show how a platform refuses. */
  refuse(records: readonly PlanRecord[]): readonly string[] {
    return records.flatMap((record) =>
      record.kind === "service" && record.publish.length > 0 ? [`${refOf(record)}: the fake platform has no ports`] : [],
    );
  }

  realise(records: readonly PlanRecord[], owner: Owner): void {
    for (const record of records) {
      for (const ref of refsOf(record))
        if (!this.made.some((made) => made.ref === ref)) throw new Error(`${refOf(record)} uses ${ref}, which was not realised`);
      this.made.push({ ref: refOf(record), component: owner.component, record });
    }
  }

  output(ref: Ref<"image"> | Ref<"volume"> | Ref<"service">): pulumi.Output<string> {
    if (!this.made.some((made) => made.ref === ref)) throw new Error(`${ref} was not realised`);
    return pulumi.output(`fake ${ref}`);
  }

  announce(announced: Announced): void {
    this.announced = announced;
  }
}
