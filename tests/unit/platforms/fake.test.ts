import { describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { refOf, recordsOf } from "../../../plan/records";
import { outputsOf } from "../../../stages/outputs";
import { hostPlan, plan } from "../../../stages/plan";
import { FakePlatform } from "../../support/fake-platform";
import { guestbook } from "../../support/settings";

describe("the platform interface, on a fake platform", () => {
  const parent = {} as pulumi.Resource;

  test.each(["dev", "test", "staging", "live"])("every record of %s can be realised in the plan's order", (stack) => {
    const platform = new FakePlatform();
    const made = plan(guestbook({ stack }));
    for (const component of made.components) platform.realise(component.records, { parent, component: component.name });
    expect(platform.made.map(({ ref }) => ref)).toEqual(recordsOf(made).map(refOf));
  });

  test("a platform says what it cannot do", () => {
    expect(new FakePlatform().refuse(recordsOf(hostPlan("dockstage-host", "local", "127.0.0.1")))).toEqual([
      "service:demux: the fake platform has no ports",
    ]);
  });

  test("the stack's outputs have the contract's keys, and null for what is not there", () => {
    const platform = new FakePlatform();
    const settings = guestbook();
    for (const component of plan(settings).components) platform.realise(component.records, { parent, component: component.name });
    const outputs = outputsOf(settings, platform);
    expect(Object.keys(outputs)).toEqual(["schema", "variants", "portal", "mail", "ssh", "data", "release"]);
    expect({ ...outputs, variants: {} }).toEqual({
      schema: 1,
      variants: {},
      portal: null,
      mail: { mode: "catch", inbox: "http://mail.guestbook.dev.localhost:8080", redirectTo: null },
      ssh: null,
      data: { source: "generated", lastSync: null, lastBackup: null },
      release: null,
    });
    const variant = outputs.variants["php7.4-nginx-mariadb10.11"];
    expect(variant?.url).toBe("http://guestbook.dev.localhost:8080");
    expect(variant?.database).toMatchObject({ engine: "mariadb", version: "10.11", schema: "guestbook" });
    expect(Object.keys(variant?.images ?? {})).toEqual(["app", "mariadb-10.11"]);
  });
});
