import { describe, expect, test } from "@jest/globals";
import { check } from "../../../offline/docker/check";
import type { Value } from "../../../offline/docker/values";
import { container, network, shapes } from "../../../offline/shapes";
import { checks, shapeOf } from "./fixtures";

const random = (value: Value): Value => (typeof value === "string" ? value.replace(/-[0-9a-f]{7}$/, "-<random>") : value);

describe("check answers as the official plugin does", () => {
  test.each(checks())("$title", ({ type, name, news, olds, inputs }) => {
    const checked = check(shapeOf(type), name, news, olds);
    expect(checked.failures).toEqual([]);
    const found = { ...checked.inputs };
    if (typeof inputs.name === "string" && inputs.name.endsWith("<random>") && found.name !== undefined) found.name = random(found.name);
    expect(found).toEqual(inputs);
  });
});

describe("what no platform emits is refused by name", () => {
  const image = "sha256:0";
  const reasons = (news: Parameters<typeof check>[2], shape = container) =>
    check(shape, "web", news, undefined).failures.map(({ property, reason }) => [property, reason.split(". ")[0]]);

  test("a property of the official plugin that is in no shape", () => {
    expect(reasons({ image, privileged: true })).toEqual([
      ["privileged", "docker:index/container:Container: the offline docker plugin does not know the property privileged"],
    ]);
    expect(check(container, "web", { image, privileged: true }, undefined).failures[0]?.reason).toContain("use the official plugin");
  });
  test("inside a block", () => {
    expect(reasons({ image, mounts: [{ type: "bind", source: "/a", target: "/b", bindOptions: { propagation: "shared" } }] })).toEqual([
      [
        "mounts[0].bindOptions",
        "docker:index/container:Container: the offline docker plugin does not know the property mounts[0].bindOptions",
      ],
    ]);
  });
  test("an output given as an input", () => expect(reasons({ image, runtime: "runc" })).toHaveLength(1));
  test("switches that only exist switched off", () => {
    expect(reasons({ image, wait: false, attach: false, logs: false })).toEqual([]);
    expect(reasons({ image, wait: true })).toEqual([
      ["wait", "docker:index/container:Container: wait: true is not supported by the offline docker plugin"],
    ]);
  });
  test.each([
    [{ image, memory: "64" }, "memory must be a whole number, found a string"],
    [{ image, memory: -1 }, "memory must be at least 0, found -1"],
    [{ image, readOnly: "yes" }, "readOnly must be true or false, found a string"],
    [{ image, command: "sleep" }, "command must be a list, found a string"],
    [{ image, tmpfs: { "/run": 1 } }, "tmpfs must be a map of strings, found an object"],
    [{ image, restart: "sometimes" }, 'restart: "sometimes" does not match ^(no|on-failure|always|unless-stopped)$'],
    [{ image, healthcheck: { interval: "5" } }, 'healthcheck.interval: "5" does not match ^(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+$'],
    [{}, "image is missing"],
  ])("a wrong value: %j", (news, reason) => {
    expect(reasons(news)).toEqual([[expect.any(String), `docker:index/container:Container: ${reason}`]]);
  });
});

describe("names", () => {
  const named = (olds: Parameters<typeof check>[3], autonaming?: Parameters<typeof check>[4]) =>
    check(network, "data", {}, olds, autonaming);
  test("two resources get two names", () => expect(named(undefined).inputs.name).not.toBe(named(undefined).inputs.name));
  test("a name stays from one run to the next", () =>
    expect(named({ name: "data-1234567", __defaults: ["name"] }).inputs.name).toBe("data-1234567"));
  test("a name that the program gave stays when it is left out", () =>
    expect(named({ name: "mine", __defaults: [] }).inputs).toMatchObject({ name: "mine", __defaults: ["ipamDriver", "name"] }));
  test("a new one is the logical name and seven hex digits", () => expect(named(undefined).inputs.name).toMatch(/^data-[0-9a-f]{7}$/));
  test("Pulumi's own rule for names goes first", () => {
    expect(named(undefined, { mode: "propose", name: "p-data" }).inputs.name).toBe("p-data");
    expect(named(undefined, { mode: "disabled", name: "" }).failures[0]?.reason).toContain("automatic naming is disabled");
  });
  test("255 characters at most", () => expect(String(check(network, "x".repeat(300), {}, undefined).inputs.name)).toHaveLength(255));
});

test("every default and every property at rest belongs to a known output", () => {
  for (const shape of shapes)
    for (const name of Object.keys(shape.properties))
      expect([shape.type, Object.keys(shape.rest)]).toEqual([shape.type, expect.arrayContaining([name])]);
});
