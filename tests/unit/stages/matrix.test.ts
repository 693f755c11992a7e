import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { StageName } from "../../../config/settings";
import { capabilitiesOf, matrix, notBuilt, violations, type Capabilities } from "../../../stages/matrix";
import { variantsOf } from "../../../stages/variants";
import { guestbook } from "../../support/settings";

const stages: readonly StageName[] = ["dev", "test", "staging", "live"];

const overrides: fc.Arbitrary<Partial<Capabilities>> = fc.record(
  {
    source: fc.constantFrom("mounted" as const, "built" as const),
    data: fc.record({ from: fc.constantFrom("generated" as const, "synced" as const, "master" as const), protect: fc.boolean() }),
    mail: fc.constantFrom<Capabilities["mail"]>(
      { mode: "catch" },
      { mode: "redirect", to: "team" },
      { mode: "redirect", to: "customer" },
      { mode: "deliver" },
    ),
    replicas: fc.integer({ min: -1, max: 5 }),
  },
  { requiredKeys: [] },
);

describe("the stage matrix", () => {
  test.each(stages)("%s as it stands breaks no rule", (stage) => {
    expect(violations(stage, matrix[stage])).toEqual([]);
  });

  test("is the table in the mission", () => {
    expect(stages.map((stage) => matrix[stage].ssh)).toEqual([false, true, true, true]);
    expect(stages.map((stage) => matrix[stage].mail.mode)).toEqual(["catch", "redirect", "redirect", "deliver"]);
    expect(stages.map((stage) => matrix[stage].data.from)).toEqual(["generated", "generated", "synced", "master"]);
  });

  test("whatever is overridden: what no rule objects to, is safe", () => {
    fc.assert(
      fc.property(fc.constantFrom(...stages), overrides, (stage, over) => {
        const made = capabilitiesOf(stage, over);
        const live = stage === "live";
        const safe =
          (made.mail.mode !== "deliver" || live) &&
          (made.data.from === "master") === live &&
          (!live || made.data.protect) &&
          (stage !== "dev" || !made.data.protect) &&
          (made.source === "built" || stage === "dev") &&
          made.replicas >= 1;
        expect(violations(stage, made).length === 0).toBe(safe);
      }),
      { numRuns: 500 },
    );
  });

  test("a broken rule is a sentence that names the stage", () => {
    expect(violations("test", capabilitiesOf("test", { mail: { mode: "deliver" } }))).toEqual(["test: only LIVE may deliver mail"]);
  });

  test("what is planned and not built is refused in one sentence", () => {
    expect(notBuilt("dev")).toBeUndefined();
    expect(notBuilt("feature-x")).toBeUndefined();
    expect(notBuilt("live")).toBe("LIVE is planned but not built by this release: only DEV can be brought up.");
  });
});

describe("variants", () => {
  const { app } = guestbook();
  test("DEV is the oldest, also where 8.10 stands beside 8.9", () => {
    expect(variantsOf(app, "oldest").map(({ name }) => name)).toEqual(["php7.4-nginx-mariadb10.11"]);
    if (app.source.from !== "php") throw new Error("the example is a PHP app");
    const source = { ...app.source, versions: ["8.10", "8.9"] };
    expect(variantsOf({ ...app, source }, "oldest").map(({ name }) => name)).toEqual(["php8.9-nginx-mariadb10.11"]);
  });

  test("LIVE is the version that the description names", () => {
    expect(variantsOf(app, "live").map(({ name }) => name)).toEqual(["php8.4-nginx-mariadb10.11"]);
  });

  test("an app without choices has one variant", () => {
    expect(variantsOf({ ...app, source: { from: "image", reference: "x" }, database: undefined }, "every").map(({ name }) => name)).toEqual(
      ["app"],
    );
  });
});
