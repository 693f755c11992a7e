import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { summary } from "../../plan/summary";
import { hostPlan, plan } from "../../stages/plan";
import { guestbook } from "../support/settings";

/** A reviewed summary of each plan. To accept a change: `node -r ./loader.js tests/golden/accept.ts`, then read the diff. */
const golden = (name: string): string => readFileSync(join(__dirname, `${name}.txt`), "utf8");

describe("the plan, as a reviewer reads it", () => {
  test.each(["dev", "test", "staging", "live"])("of %s is the accepted one", (stack) => {
    expect(summary(plan(guestbook({ stack })))).toBe(golden(stack));
  });

  test("of the host is the accepted one", () => {
    expect(summary(hostPlan("dockstage-host", "local", "127.0.0.1"))).toBe(golden("host"));
  });

  test.each(["dev", "test", "staging", "live", "host"])("of %s is short enough to be read", (name) => {
    expect(golden(name).split("\n").length).toBeLessThan(300);
  });
});
