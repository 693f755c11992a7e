import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { resource as external } from "../../../provider/external";
import { resource as generation } from "../../../provider/generation";
import { containerOf, resource as job } from "../../../provider/job";
import { fits, resource as lease } from "../../../provider/lease";
import { passwordOf } from "../../../provider/password";
import { resource as ready } from "../../../provider/ready";
import { resource as stamp } from "../../../provider/stamp";
import { isUnknown, UNKNOWN } from "../../../provider/resource";
import type { Context } from "../../../provider/resource";
import { FakeEngine } from "../../support/fake-engine";

let engine: FakeEngine;
let logs: string[];
let ctx: Context;
beforeEach(() => {
  engine = new FakeEngine();
  logs = [];
  ctx = {
    urn: "",
    name: "it",
    preview: false,
    signal: new AbortController().signal,
    engine: () => Promise.resolve(engine),
    log: (message) => {
      logs.push(message);
    },
  };
});

describe("Generation", () => {
  const inputs = { definition: "a", replicas: 2 };
  const state = { ...inputs, token: "aaaaaaaa" };

  it.each([
    ["both containers there, one of them stopped", 2, inputs, []],
    ["one container lost", 1, inputs, ["token"]],
    ["another definition", 2, { ...inputs, definition: "b" }, ["definition"]],
    ["an unknown definition", 2, { ...inputs, definition: UNKNOWN }, ["definition"]],
    ["more replicas", 2, { ...inputs, replicas: 3 }, ["replicas"]],
  ])("with %s", async (_, there, news, updates) => {
    for (let i = 0; i < there; i++) engine.add({ labels: { "dockstage.generation": "aaaaaaaa" }, status: i === 0 ? "exited" : "running" });
    engine.add({ labels: { "dockstage.generation": "bbbbbbbb" } });
    expect((await generation.diff("", inputs, state, news, ctx)).updates ?? []).toEqual(updates);
  });

  it("takes along what a run that was cut off left under its token, and nothing else", async () => {
    engine.add({ id: "left", labels: { "dockstage.generation": "aaaaaaaa" } });
    engine.add({ id: "other", labels: { "dockstage.generation": "bbbbbbbb" } });
    engine.add({ id: "foreign" });
    await generation.delete("", state, ctx);
    expect([...engine.containersById.keys()]).toEqual(["other", "foreign"]);
    expect(logs).toEqual(["name-of-left is left of a run that was cut off: it is removed"]);
  });

  it("shows its token as unknown, so that a preview shows the replacement", async () => {
    expect(isUnknown((await generation.preview?.(inputs, state, ctx))?.token)).toBe(true);
  });
});

describe("Stamp", () => {
  const labels = { "dockstage.project": "a", "dockstage.stack": "dev" };
  const inputs = { volume: "a-dev-data", labels };
  const adopting = (): Context => ({ ...ctx, adopt: "a/dev" });

  it("tells an emptied volume from the one before, and makes it where only the engine has lost it", async () => {
    const { token } = (await stamp.create(inputs, ctx)).computed;
    expect(engine.volumes.size).toBe(0);
    engine.volumes.set("a-dev-data", { "dockstage.stamp": token });
    const state = { ...inputs, token };
    expect(await stamp.diff("", inputs, state, inputs, ctx)).toEqual({});
    engine.volumes.clear();
    expect(await stamp.diff("", inputs, state, inputs, ctx)).toEqual({ updates: ["token"] });
    expect(isUnknown((await stamp.preview?.(inputs, state, ctx))?.token)).toBe(true);
    const now = await stamp.update?.("", state, inputs, ctx);
    expect(now?.token).not.toBe(token);
    expect(engine.volumes.get("a-dev-data")).toEqual({ ...labels, "dockstage.stamp": now?.token });
    expect(await stamp.diff("", inputs, { ...inputs, token: now?.token ?? "" }, inputs, ctx)).toEqual({});
  });

  it("keeps to what a volume that was there before says, and to nothing where it says nothing", async () => {
    engine.volumes.set("a-dev-data", { "dockstage.stamp": "12345678" });
    expect((await stamp.create(inputs, adopting())).computed).toEqual({ token: "12345678", adopted: true });
    engine.volumes.set("a-dev-data", {});
    expect(await stamp.diff("", inputs, { ...inputs, token: "12345678" }, inputs, ctx)).toEqual({ updates: ["token"] });
    expect(await stamp.update?.("", { ...inputs, token: "12345678" }, inputs, ctx)).toEqual({ token: "none" });
    expect(await stamp.diff("", inputs, { ...inputs, token: "none" }, inputs, ctx)).toEqual({});
  });

  it("leaves a volume alone that the state does not know, in a preview, too, unless the run says to take this environment over", async () => {
    engine.volumes.set("a-dev-data", { ...labels, "dockstage.stamp": "12345678" });
    const refusal =
      "The volume a-dev-data is on the engine since 2026-01-02T03:04:05Z, and this state does not know it: its data is left alone.\n" +
      "To take it over with its data: dockstage up dev --adopt (with plain Pulumi: DOCKSTAGE_ADOPT=a/dev pulumi up). Where nobody needs the data: docker volume rm a-dev-data";
    await expect(stamp.create(inputs, ctx)).rejects.toThrow(refusal);
    await expect(stamp.create(inputs, { ...ctx, adopt: "b/dev" })).rejects.toThrow(refusal);
    await expect(stamp.preview?.(inputs, undefined, ctx)).rejects.toThrow(refusal);
    expect(await stamp.preview?.(inputs, undefined, adopting())).toEqual({ token: "12345678", adopted: true });
    expect((await stamp.create({ ...inputs, disposable: true }, ctx)).computed).toEqual({ token: "12345678", adopted: false });
    expect(logs).toEqual([]);
    await stamp.create({ ...inputs, adopting: "Set the password." }, adopting());
    expect(logs).toEqual(["the volume a-dev-data is taken over with its data", "Set the password."]);
    engine.volumeUsers.set("a-dev-data", ["a-dev-mariadb-1"]);
    await expect(stamp.create(inputs, adopting())).rejects.toThrow(
      "The volume a-dev-data cannot be taken over: a-dev-mariadb-1 of its earlier state still mounts it.",
    );
  });

  it("is imported by the volume's name, with the data as one that was taken over, until it is made anew", async () => {
    engine.volumes.set("a-dev-data", { ...labels, "dockstage.stamp": "12345678" });
    const imported = await stamp.import?.("a-dev-data", ctx);
    expect(imported).toEqual({ inputs, computed: { token: "12345678", adopted: true } });
    const state = { ...inputs, token: "12345678", adopted: true };
    expect(await stamp.read?.("", state, ctx)).toEqual({ token: "12345678", adopted: true });
    engine.volumes.clear();
    expect(await stamp.update?.("", state, inputs, ctx)).toMatchObject({ adopted: false });
    expect(await stamp.import?.("another", ctx)).toBeUndefined();
  });
});

describe("External", () => {
  const inputs = { network: "doors", absent: "Start the host." };

  it("is no error in a preview where the network is not there yet", async () => {
    expect(isUnknown((await external.preview?.(inputs, undefined, ctx))?.networkId)).toBe(true);
    await expect(external.create(inputs, ctx)).rejects.toThrow(/^Start the host\.$/);
  });

  it("follows a network that was made anew", async () => {
    engine.networkList.push({ id: "n2", name: "doors", subnets: [] });
    expect(await external.diff("doors", inputs, { ...inputs, networkId: "n2" }, inputs, ctx)).toEqual({});
    expect(await external.diff("doors", inputs, { ...inputs, networkId: "n1" }, inputs, ctx)).toEqual({ updates: ["networkId"] });
    expect(await external.update?.("doors", { ...inputs, networkId: "n1" }, inputs, ctx)).toEqual({ networkId: "n2" });
  });
});

describe("Lease", () => {
  const wish = { holder: "a/dev/edge", subnet: { pool: "198.51.100.0/26", prefix: 27 } };
  // A range for documentation: no machine has it, whatever runs beside the test.
  let folder: string;
  const file = (): string => path.join(folder, "leases.json");
  const entry = (value: string, minutesAgo: number, kind = "subnet"): object => ({
    value,
    kind,
    engine: "ENGINE",
    at: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
  });
  const write = (ledger: Record<string, object>): void => writeFileSync(file(), JSON.stringify(ledger));
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "leases-"));
    process.env["DOCKSTAGE_DATA"] = folder;
  });
  afterEach(() => {
    delete process.env["DOCKSTAGE_DATA"];
    rmSync(folder, { recursive: true });
  });

  it("goes around fresh entries and networks, and gives an old entry without a network away", async () => {
    write({ other: entry("198.51.100.0/27", 1) });
    expect((await lease.create(wish, ctx)).id).toBe("198.51.100.32/27");
    write({ other: entry("198.51.100.0/27", 11) });
    expect((await lease.create(wish, ctx)).id).toBe("198.51.100.0/27");
    expect(readFileSync(file(), "utf8")).not.toContain('"other"');
    write({ other: entry("198.51.100.0/27", 11) });
    engine.networkList.push({ id: "n", name: "other", subnets: ["198.51.100.0/27"] });
    expect((await lease.create(wish, ctx)).id).toBe("198.51.100.32/27");
  });

  it("is blind to the leases of another engine", async () => {
    write({ other: { ...entry("198.51.100.0/27", 1), engine: "ANOTHER" } });
    expect((await lease.create(wish, ctx)).id).toBe("198.51.100.0/27");
  });

  it("lists who holds an exhausted pool", async () => {
    write({ "b/dev/edge": entry("198.51.100.0/27", 1) });
    engine.networkList.push({ id: "n", name: "legacy", subnets: ["198.51.100.32/28"] });
    await expect(lease.create(wish, ctx)).rejects.toThrow(
      [
        "The pool 198.51.100.0/26 has no free /27 left. Destroy an environment, or set a larger pool. It is held by:",
        "  198.51.100.32/28 network legacy",
        "  198.51.100.0/27 leased to b/dev/edge",
      ].join("\n"),
    );
  });

  it("names the container that publishes a port", async () => {
    engine.published.set(18_480, "other-demux");
    await expect(lease.create({ holder: "h", port: { address: "127.0.0.1", from: 18_480, to: 18_480 } }, ctx)).rejects.toThrow(
      "Port 18480 on 127.0.0.1 is taken. Stop what holds it, or choose another. Taken:\n  18480 by the container other-demux",
    );
  });

  it("gives an old holder's port away only where no other is left", async () => {
    write({ old: entry("18481", 60, "port") });
    expect((await lease.create({ holder: "h", port: { address: "127.0.0.1", from: 18_481, to: 18_482 } }, ctx)).id).toBe("18482");
    expect((await lease.create({ holder: "i", port: { address: "127.0.0.1", from: 18_481, to: 18_482 } }, ctx)).id).toBe("18481");
  });

  it("replaces only where the value no longer fits", async () => {
    const state = { ...wish, value: "198.51.100.32/27" };
    const diff = (news: Parameters<typeof lease.diff>[3]) => lease.diff("", wish, state, news, ctx);
    expect(await diff({ ...wish, subnet: { pool: "198.51.0.0/16", prefix: 27 } })).toEqual({});
    expect(await diff({ ...wish, subnet: { pool: "10.99.0.0/16", prefix: 27 } })).toEqual({ replaces: ["subnet"] });
    expect(await diff({ ...wish, subnet: { pool: "198.51.0.0/16", prefix: 28 } })).toEqual({ replaces: ["subnet"] });
    expect(await diff({ ...wish, holder: "b" })).toEqual({ updates: ["holder"] });
    expect([
      fits("8080", { port: { address: "", from: 8080, to: 8099 } }),
      fits("8100", { port: { address: "", from: 8080, to: 8099 } }),
    ]).toEqual([true, false]);
  });

  it("of a replaced value does not take its successor's entry away", async () => {
    const { computed } = await lease.create(wish, ctx);
    await lease.delete("", { ...wish, value: "10.99.0.0/27" }, ctx);
    expect(JSON.parse(readFileSync(file(), "utf8"))).toMatchObject({ [wish.holder]: { value: computed.value } });
  });

  it("refuses the same project and stack from another folder, and nobody else", async () => {
    write({ "a/dev/edge": { ...entry("198.51.100.0/27", 60), folder: "/home/shop" } });
    // Cut off before its network was there: the same value again.
    expect((await lease.create(wish, ctx)).id).toBe("198.51.100.0/27");
    write({ "a/dev/edge": { ...entry("198.51.100.0/27", 60), folder: "/home/shop" } });
    engine.networkList.push({ id: "n", name: "a-dev-edge-1", subnets: ["198.51.100.0/27"] });
    await expect(lease.create(wish, ctx)).rejects.toThrow(
      "a dev is up already from /home/shop, with another state than this one (its network a-dev-edge-1 is on the engine).",
    );
    // Another pool is a replacement of its own lease.
    expect((await lease.create({ ...wish, subnet: { pool: "203.0.113.0/24", prefix: 27 } }, ctx)).id).toBe("203.0.113.0/27");
  });

  it("moves to the run that takes over, with another value, by which the earlier state knows that it was moved", async () => {
    const adopting: Context = { ...ctx, adopt: "a/dev" };
    const before = entry("198.51.100.0/27", 60);
    write({ "a/dev/edge": { ...before, folder: "/home/shop" } });
    engine.networkList.push({ id: "n", name: "a-dev-edge-1", subnets: ["198.51.100.0/27"] });
    await expect(lease.create(wish, adopting)).rejects.toThrow("its network a-dev-edge-1 is on the engine");
    engine.networkList.pop();
    expect((await lease.create(wish, adopting)).id).toBe("198.51.100.32/27");
    const moved = JSON.parse(readFileSync(file(), "utf8")) as Record<string, { value: string; folder: string }>;
    expect(moved["a/dev/edge"]).toMatchObject({ value: "198.51.100.32/27", folder: process.cwd() });
    // As the folder sees it that had it before.
    write({ "a/dev/edge": { ...entry("198.51.100.32/27", 1), folder: "/home/shop" } });
    const state = { ...wish, value: "198.51.100.0/27" };
    await expect(lease.diff("", wish, state, wish, ctx)).rejects.toThrow(
      "a dev was taken over from /home/shop, with its data. Go on there, or take it back: dockstage up dev --adopt.",
    );
    expect(await lease.diff("", wish, state, wish, adopting)).toEqual({ replaces: ["subnet"] });
    // A folder that was moved, with its state.
    write({ "a/dev/edge": { ...before, folder: "/home/shop" } });
    expect(await lease.diff("", wish, state, wish, ctx)).toEqual({});
  });

  it("says where a broken ledger is", async () => {
    writeFileSync(file(), "{");
    await expect(lease.create(wish, ctx)).rejects.toThrow(`${file()} is not a ledger of leases: move it away`);
    await expect(lease.delete("", { ...wish, value: "x" }, ctx)).rejects.toThrow("is not a ledger");
  });
});

const migrate = {
  job: "migrate",
  trigger: ["1"],
  image: "i",
  entrypoint: [],
  command: ["x"],
  env: { B: "2", A: "1" },
  networks: ["n1", "n2"],
  mounts: [{ type: "volume" as const, source: "v", target: "/v", readOnly: true }],
  scratch: ["/tmp", "/run"],
  readOnlyRoot: true,
  capabilities: ["CHOWN"],
  memoryMiB: 64,
  cpus: 0.5,
  timeoutSeconds: 20,
  labels: { "dockstage.component": "migrate" },
};

describe("Job", () => {
  it("runs a container that may do little", () => {
    expect(containerOf(migrate)).toMatchObject({
      Image: "i",
      Entrypoint: undefined,
      Cmd: ["x"],
      Env: ["A=1", "B=2"],
      Volumes: { "/tmp": {} },
      Labels: { "dockstage.component": "migrate", "dockstage.job": "migrate" },
      HostConfig: {
        NetworkMode: "n1",
        Tmpfs: { "/run": "mode=1777,size=16m" },
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        CapAdd: ["CHOWN"],
        SecurityOpt: ["no-new-privileges:true"],
        Memory: 64 * 2 ** 20,
        MemorySwap: 64 * 2 ** 20,
        NanoCpus: 5e8,
        PidsLimit: 512,
        Mounts: [{ Type: "volume", Source: "v", Target: "/v", ReadOnly: true }],
      },
    });
    expect(containerOf({ ...migrate, networks: [] }).HostConfig?.NetworkMode).toBe("none");
  });

  it("does not run where what it would make was taken over", async () => {
    const created: string[] = [];
    engine.onStart = ({ Image }) => {
      created.push(Image ?? "");
      return { log: [], exit: 0 };
    };
    const { computed } = await job.create({ ...migrate, done: true }, ctx);
    expect(created).toEqual([]);
    expect(logs).toEqual(["migrate does not run: the data was taken over, and is left as it is"]);
    await job.update?.("", { ...migrate, ...computed }, { ...migrate, done: false }, ctx);
    expect(created).toEqual(["i"]);
  });

  it("says that it was out of memory, and leaves nothing", async () => {
    engine.onStart = () => ({ log: [], exit: 137, oomKilled: true });
    await expect(job.create(migrate, ctx)).rejects.toThrow(
      "The job migrate failed: it was killed because it used more memory than its limit of 64 MiB",
    );
    expect(engine.containersById.size).toBe(0);
  });

  it("removes the same job's container that is left of a killed run, and no other", async () => {
    engine.add({ id: "left", labels: { "dockstage.component": "migrate", "dockstage.job": "migrate" } });
    engine.add({ id: "other", labels: { "dockstage.component": "seed", "dockstage.job": "migrate" } });
    await job.create(migrate, ctx);
    expect([...engine.containersById.keys()]).toEqual(["other"]);
  });
});

describe("Ready", () => {
  const web = (containers: string[]) => ({
    service: "web",
    containers,
    http: { port: 8080, path: "/healthz", from: "door" },
    timeoutSeconds: 1,
  });

  it("asks each container by name from the door until it answers 2xx or 3xx", async () => {
    const [a, b] = [engine.add(), engine.add()];
    const answers = ["HTTP\n503", "HTTP\n302", "\n200"];
    engine.onExec = () => ({ code: 0, output: answers.shift() ?? "\n200" });
    expect((await ready.create(web([a, b]), ctx)).computed).toEqual({ ready: [a, b] });
    expect(engine.execs.slice(0, 2)).toEqual(
      [a, b].map((id) => ({
        id: "door",
        command: ["sh", "-c", expect.stringContaining("curl"), "get", `http://name-of-${id}:8080/healthz`],
      })),
    );
    expect(logs).toEqual(["waiting for web: 503 HTTP"]);
  });

  it("shows the last answer and the log, and removes all new containers", async () => {
    const [a, b] = [engine.add({ log: ["no\u001b[31m database"] }), engine.add()];
    engine.onExec = (_, command) =>
      command.at(-1)?.includes(a) === true ? { code: 0, output: "database: gone\n503" } : { code: 0, output: "\n200" };
    await expect(ready.create(web([a, b]), ctx)).rejects.toThrow(
      [
        "web did not become healthy within 1 s",
        `  probe: GET http://name-of-${a}:8080/healthz`,
        "  last answer: 503 database: gone",
        "  state: running",
        `  last log lines of name-of-${a}:`,
        "    no database",
        "The new containers were removed; the old ones, if any, keep serving.",
      ].join("\n"),
    );
    expect(engine.containersById.size).toBe(0);
  });

  it("gives curl's own words where nothing answers", async () => {
    const a = engine.add();
    engine.onExec = () => ({ code: 7, output: "curl: (7) Failed to connect after 3 ms\n\n000" });
    await expect(ready.create(web([a]), ctx)).rejects.toThrow("  last answer: curl: (7) Failed to connect\n");
  });

  it("takes no answer that breaks off", async () => {
    const a = engine.add();
    engine.onExec = () => ({ code: 18, output: "curl: (18) transfer closed\n\n200" });
    await expect(ready.create(web([a]), ctx)).rejects.toThrow("  last answer: 200 curl: (18) transfer closed\n");
  });

  it("removes only what is new", async () => {
    const [old, fresh] = [engine.add(), engine.add()];
    engine.onExec = () => {
      engine.change(fresh, { status: "exited", exitCode: 139 });
      return { code: 1, output: "" };
    };
    await expect(ready.update?.("web", { ...web([old]), ready: [old] }, web([old, fresh]), ctx)).rejects.toThrow(
      "web ended before it became healthy: exit code 139 (signal 11)",
    );
    expect([...engine.containersById.keys()]).toEqual([old]);
  });

  it("claims no exit code for one that the engine has started again", async () => {
    const a = engine.add();
    engine.onExec = () => {
      engine.change(a, { restarts: 1 });
      return { code: 1, output: "" };
    };
    await expect(ready.create(web([a]), ctx)).rejects.toThrow("web ended before it became healthy: the engine has started it again\n");
  });

  it("touches no container when the person cancels", async () => {
    const a = engine.add();
    const cancel = new AbortController();
    engine.onExec = () => {
      cancel.abort(new Error("cancelled"));
      return { code: 1, output: "" };
    };
    await expect(ready.create(web([a]), { ...ctx, signal: cancel.signal })).rejects.toThrow("cancelled");
    expect(engine.containersById.size).toBe(1);
  });

  it("asks again where the containers are unknown, and not where only its patience changes", async () => {
    const [olds, state] = [web(["a"]), { ...web(["a"]), ready: ["a"] }];
    expect(await ready.diff("", olds, state, { ...olds, containers: UNKNOWN }, ctx)).toEqual({ updates: ["containers"] });
    expect(await ready.diff("", olds, state, { ...olds, timeoutSeconds: 9 }, ctx)).toEqual({ updates: [] });
    expect(await ready.preview?.({ ...olds, containers: [UNKNOWN] }, state, ctx)).toEqual({ ready: UNKNOWN });
  });
});

describe("Password", () => {
  it("uses every letter and digit, and no two are alike", () => {
    const value = passwordOf(1024);
    expect(value).toMatch(/^[A-Za-z0-9]{1024}$/);
    expect(new Set(passwordOf(1024)).size + new Set(value).size).toBeGreaterThan(110);
    expect(passwordOf(24)).not.toBe(passwordOf(24));
  });
});
