import { describe, expect, test } from "@jest/globals";
import type Dockerode from "dockerode";
import { containerOptions, cpus, duration, nanoseconds } from "../../../offline/docker/container-options";
import { containerState } from "../../../offline/docker/container-state";
import { completeState, proposedState, refreshedInputs, settledState, updatedState } from "../../../offline/docker/outputs";
import { repoDigest } from "../../../offline/docker/simple";
import { UNKNOWN, type Value, type Values, canonical, isRecord, records } from "../../../offline/docker/values";
import { container, network } from "../../../offline/shapes";
import { reads } from "./fixtures";

/** The recorded inspections are the engine's own, and the client's type for them says less than they hold. */
const inspected = (inspect: Values): Dockerode.ContainerInspectInfo =>
  JSON.parse(JSON.stringify(inspect)) as Dockerode.ContainerInspectInfo;

describe("a refresh reads what the official plugin reads", () => {
  const containers = reads().filter(({ type }) => type === container.type);
  test.each(containers)("$title", ({ id, known, inspect, state }) => {
    const complete = completeState(container, id, containerState(inspected(inspect), known));
    expect(complete).toEqual(state);
  });
  test.each(containers)("$title: a second time without a difference", ({ id, inspect, state }) => {
    expect(settledState(container, state, completeState(container, id, containerState(inspected(inspect), state)))).toEqual(state);
  });
  test("a killed container's inputs say that it does not run", () => {
    const killed = containers.find(({ refreshedInputs: recorded }) => recorded);
    if (!killed?.refreshedInputs) throw new Error("not recorded");
    expect(refreshedInputs(container, killed.inputs, killed.state)).toEqual(killed.refreshedInputs);
  });
});

test("sets lie in the state in the official plugin's order, whatever the program's is", () => {
  const state = completeState(container, "x", {
    envs: ["Z=1", "A=2", "B"],
    labels: ["project", "stack", "component", "generation"].map((name) => ({ label: `dockstage.${name}`, value: "v" })),
    volumes: [
      { containerPath: "/tmp" },
      { containerPath: "/run/dockstage", volumeName: "f", readOnly: true },
      { containerPath: "/app", hostPath: "/src" },
      { containerPath: "/app/var" },
    ],
    networksAdvanced: [
      { name: "0", aliases: ["web-b", "web-a"] },
      { name: "1", aliases: [] },
    ],
  });
  const of = (name: string, field: string) => records(state[name]).map((element) => element[field]);
  expect(state.envs).toEqual(["A=2", "B", "Z=1"]);
  expect(of("labels", "label")).toEqual(["dockstage.component", "dockstage.generation", "dockstage.project", "dockstage.stack"]);
  expect(of("volumes", "containerPath")).toEqual(["/app", "/app/var", "/run/dockstage", "/tmp"]);
  expect(of("networksAdvanced", "aliases")).toEqual([["web-a", "web-b"], []]);
});

test("a preview knows what the program says and nothing else", () => {
  const state = proposedState(container, { image: "i", command: ["a"], ports: [{ internal: 80 }], __defaults: [] });
  expect(state).toMatchObject({
    id: UNKNOWN,
    image: "i",
    command: ["a"],
    entrypoints: UNKNOWN,
    hostname: UNKNOWN,
    networkDatas: UNKNOWN,
    readOnly: false,
  });
  expect(proposedState(network, { name: "n", ipamConfigs: [{ subnet: "10.0.0.0/27", __defaults: [] }] }).ipamConfigs).toEqual([
    { auxAddress: {}, gateway: "", ipRange: "", subnet: "10.0.0.0/27" },
  ]);
});

test("an update keeps what the engine decided and takes what the program says", () => {
  const before = completeState(container, "x", {
    image: "i",
    hostname: "h",
    memory: 64,
    exitCode: 137,
    mustRun: false,
    healthcheck: { tests: ["CMD", "a"] },
  });
  const after = updatedState(container, "x", before, { image: "i", mustRun: true, restart: "always" });
  expect(after).toMatchObject({
    hostname: "h",
    memory: 0,
    exitCode: 137,
    mustRun: true,
    restart: "always",
    healthcheck: { tests: ["CMD", "a"] },
  });
});

describe("what the engine is asked for", () => {
  test("the same as the official plugin asks for", () => {
    const full = reads().find(({ title }) => title === "container");
    if (!full) throw new Error("not recorded");
    const options = containerOptions(full.inputs);
    const again = inspected({
      ...full.inspect,
      HostConfig: JSON.parse(
        JSON.stringify({ ...(isRecord(full.inspect.HostConfig) ? full.inspect.HostConfig : {}), ...options.HostConfig }),
      ) as Values,
    });
    expect(completeState(container, full.id, containerState(again, full.known))).toEqual(full.state);
    expect(options).toMatchObject({
      Image: full.inputs.image,
      Healthcheck: { Test: ["CMD", "true"], Interval: 5e9, Timeout: 3e9, StartPeriod: 90e9, Retries: 3 },
      HostConfig: {
        NanoCpus: 5e8,
        Memory: 67108864,
        MemorySwap: 67108864,
        ShmSize: 33554432,
        CapAdd: ["CAP_NET_BIND_SERVICE"],
        CapDrop: ["ALL"],
        Init: true,
        ExtraHosts: ["foo:10.0.0.9"],
      },
    });
  });
  test("capabilities in the long spelling, as Docker's client sends them", () => {
    expect(
      containerOptions({ name: "a", image: "i", capabilities: { adds: ["chown", "CAP_KILL"], drops: ["all"] } }).HostConfig,
    ).toMatchObject({ CapAdd: ["CAP_CHOWN", "CAP_KILL"], CapDrop: ["ALL"] });
  });
  test("anonymous volumes, named ones and host folders", () => {
    const options = containerOptions({
      name: "a",
      image: "i",
      volumes: [{ containerPath: "/a" }, { containerPath: "/b", volumeName: "v", readOnly: true }, { containerPath: "/c", hostPath: "/h" }],
    });
    expect(options.Volumes).toEqual({ "/a": {}, "/b": {}, "/c": {} });
    expect(options.HostConfig?.Binds).toEqual(["v:/b:ro", "/h:/c:rw"]);
  });
  test("a wrong number of cores is an error", () =>
    expect(() => containerOptions({ name: "a", image: "i", cpus: "many" })).toThrow(
      'cpus: many is no number of cores. Write it as "0.5" or "2.0"',
    ));
});

test("durations and cores are spelled as the official plugin spells them", () => {
  for (const text of ["0s", "5s", "1m0s", "1m30s", "1h0m0s", "500ms", "1.5s"]) expect(duration(nanoseconds(text))).toBe(text);
  expect(duration(nanoseconds("90s"))).toBe("1m30s");
  expect([5e8, 1e9, 2e9, 25e7, 15e8, 75e7, 3e8].map(cpus)).toEqual(["0.5", "1.0", "2.0", "0.25", "1.5", "0.75", "0.3"]);
  expect(cpus(5e7)).toBe("0.1");
});

test("zero values, order and bookkeeping make no difference", () => {
  const { networksAdvanced } = container.properties;
  if (!networksAdvanced) throw new Error("no such property");
  const text = (value: Value) => canonical(value, networksAdvanced);
  expect(text([{ name: "a", aliases: ["x", "y"], __defaults: [] }, { name: "b" }])).toBe(
    text([
      { name: "b", aliases: [], gwPriority: 0 },
      { name: "a", aliases: ["y", "x"] },
    ]),
  );
  expect(text([{ name: "a" }])).not.toBe(text([{ name: "b" }]));
});

test("the digest of the name's own repository is preferred", () => {
  expect(repoDigest("nginx:1", ["other/nginx@sha256:1", "nginx@sha256:2"])).toBe("nginx@sha256:2");
  expect(repoDigest("mine:1", ["nginx@sha256:2"])).toBe("nginx@sha256:2");
  expect(repoDigest("mine:1", [])).toBe("");
});
