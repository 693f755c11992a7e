import { describe, expect, test } from "@jest/globals";
import { check } from "../../../offline/docker/check";
import { diff } from "../../../offline/docker/diff";
import { container } from "../../../offline/shapes";
import { diffs, shapeOf } from "./fixtures";

const { subjects, cases } = diffs();

describe("diff decides as the official plugin does", () => {
  test.each(cases)("$subject: $title", ({ subject, change, unset = [], answer }) => {
    const of = subjects[subject];
    if (!of) throw new Error(subject);
    const shape = shapeOf(of.type);
    const program = Object.fromEntries(Object.entries({ ...of.program, ...change }).filter(([name]) => !unset.includes(name)));
    const { inputs, failures } = check(shape, of.name, program, of.inputs);
    expect(failures).toEqual([]);
    const found = diff(shape, of.state, inputs, []);
    const names = [...new Set([...found.detailed.keys()].map((path) => path.split(/[.[]/)[0]))].sort();
    expect({
      changed: found.detailed.size > 0,
      replaces: found.replaces,
      diffs: names,
      deleteBeforeReplace: found.deleteBeforeReplace,
    }).toEqual(answer);
  });
});

const base = subjects.container;
if (!base) throw new Error("no container among the recorded subjects");
const changed = (change: object, ignored: string[] = []) => diff(container, base.state, { ...base.inputs, ...change }, ignored);

test("what is ignored is not compared", () => {
  expect([...changed({ envs: ["A=2"] }).detailed.keys()]).not.toEqual([]);
  expect([...changed({ envs: ["A=2"] }, ["envs"]).detailed]).toEqual([]);
});

test("a person sees which elements came and went", () => {
  expect([...changed({ envs: ["A=1", "C=3"] }).detailed]).toEqual([["envs[1]", "UPDATE_REPLACE"]]);
  expect([...changed({ tmpfs: { "/run": "size=1m", "/x": "" } }).detailed]).toEqual([['tmpfs["/x"]', "ADD"]]);
  expect([
    ...changed({
      healthcheck: { tests: ["CMD", "true"], interval: "6s", timeout: "3s", retries: 3, startPeriod: "1m30s", startInterval: "0s" },
    }).detailed,
  ]).toEqual([["healthcheck.interval", "UPDATE"]]);
});

test("a stopped container that must run is started by an update", () => {
  expect([...diff(container, { ...base.state, mustRun: false, exitCode: 137 }, base.inputs, []).detailed]).toEqual([["mustRun", "UPDATE"]]);
});
