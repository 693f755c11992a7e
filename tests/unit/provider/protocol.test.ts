import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { FakeEngine } from "../../support/fake-engine";
import { Client, secret, unknown } from "../../support/provider";
import type { Properties } from "../../support/provider";

// The numbers of Pulumi's PropertyDiff.Kind.
const [ADD, UPDATE, UPDATE_REPLACE] = [0, 4, 5];

let engine: FakeEngine;
let client: Client;
beforeEach(async () => {
  engine = new FakeEngine();
  client = await Client.start(() => Promise.resolve(engine));
});
afterEach(async () => {
  await client.close();
});

const files: Properties = {
  prefix: "app",
  files: { a: { content: secret("hunter2hunter2"), mode: "0400" } },
  uid: 0,
  gid: 0,
  image: "i",
  labels: {},
};
const job: Properties = {
  job: "migrate",
  trigger: ["1"],
  image: "i",
  entrypoint: [],
  command: ["x"],
  env: {},
  networks: [],
  mounts: [],
  scratch: [],
  readOnlyRoot: true,
  capabilities: [],
  memoryMiB: 64,
  cpus: 1,
  timeoutSeconds: 20,
  labels: {},
};

describe("check", () => {
  it("hands inputs back as they came, marks of secrets and unknowns included", async () => {
    const inputs = { ...files, image: unknown };
    expect(await client.check("Files", inputs)).toEqual({ inputs, failures: [] });
  });

  it("names each wrong property", async () => {
    const { failures } = await client.check("Files", {
      ...files,
      uid: -1,
      files: { "/etc/x": { content: "c", mode: "0400" }, b: { content: "c", mode: "rw" } },
    });
    expect(failures).toEqual([
      { property: "files./etc/x", reason: "must be a relative path without . and .." },
      { property: "files.b.mode", reason: "must be octal, for example 0400" },
      { property: "uid", reason: expect.stringContaining(">=0") },
    ]);
  });

  it("holds nothing against what is unknown, and something against the rest", async () => {
    const wish = { holder: unknown, subnet: unknown };
    expect((await client.check("Lease", wish)).failures).toEqual([]);
    expect(
      (await client.check("Lease", { ...wish, subnet: { pool: unknown, prefix: 99 } })).failures.map(({ property }) => property),
    ).toEqual(["subnet.prefix"]);
    expect((await client.check("Lease", { holder: "h" })).failures).toEqual([{ property: "", reason: "needs either subnet or port" }]);
  });

  it("refuses a kind that it does not have", async () => {
    await expect(client.check("Toaster", {})).rejects.toThrow(
      "dockstage:index:Toaster is not a resource of this provider; it has dockstage:index:Announcement, dockstage:index:External",
    );
  });
});

describe("the life of a resource", () => {
  it("goes from check over a previewed create, create, diff and read to delete", async () => {
    const { inputs } = await client.check("Files", files);
    expect((await client.create("Files", inputs, { preview: true })).state).toEqual({ ...files, volume: unknown });
    expect(engine.volumes.size).toBe(0);
    const { id, state } = await client.create("Files", inputs);
    expect(id).toMatch(/^app-[0-9a-f]{8}$/);
    expect(state).toEqual({ ...files, volume: id });
    expect([...engine.volumes.keys()]).toEqual([id]);
    expect(engine.containersById.size).toBe(0);
    expect(await client.diff("Files", id, inputs, state, inputs)).toEqual({
      changes: false,
      replaces: [],
      detailed: {},
      deleteBeforeReplace: false,
    });
    const changed = { ...files, files: { a: { content: secret("another secret"), mode: "0400" } } };
    expect(await client.diff("Files", id, inputs, state, changed)).toEqual({
      changes: true,
      replaces: ["files"],
      detailed: { files: { kind: UPDATE_REPLACE, inputDiff: true } },
      deleteBeforeReplace: false,
    });
    expect((await client.diff("Files", id, inputs, state, { ...files, uid: unknown })).replaces).toEqual(["uid"]);
    expect((await client.diff("Files", id, inputs, state, { ...files, labels: { a: "b" }, image: "other" })).changes).toBe(false);
    expect(await client.read("Files", id, inputs, state)).toEqual(state);
    await client.delete("Files", id, state);
    expect(await client.read("Files", id, inputs, state)).toBeUndefined();
  });

  it("keeps a computed secret a secret, in previews and in the state", async () => {
    expect((await client.create("Password", { length: 32 }, { preview: true })).state["value"]).toEqual(secret(unknown));
    const { id, state } = await client.create("Password", { length: 32 });
    expect(state["value"]).toEqual(secret(expect.stringMatching(/^[A-Za-z0-9]{32}$/) as never));
    expect(JSON.stringify(state["value"])).not.toContain(id);
    expect(await client.read("Password", id, { length: 32 }, state)).toEqual(state);
    expect((await client.check("Password", { length: 4 })).failures[0]).toEqual({
      property: "length",
      reason: "must be at least 12, so that nobody guesses it",
    });
  });

  it("previews an update with what only the update can say", async () => {
    const { id, state } = await client.create("Job", job);
    const news = { ...job, trigger: ["2"] };
    expect((await client.update("Job", id, job, state, news, true))["finishedAt"]).toBe(unknown);
    expect(engine.containersById.size).toBe(0);
  });

  it("tells an added property from a changed one", async () => {
    const ready = { service: "web", containers: ["c"], command: ["true"], timeoutSeconds: 1 };
    const { containers, service, timeoutSeconds } = ready;
    const http = { containers, service, timeoutSeconds, http: { port: 80, path: "/", from: "d" } };
    const { detailed } = await client.diff("Ready", "web", ready, { ...ready, ready: ["c"] }, { ...http, containers: ["d"] });
    expect(detailed).toMatchObject({ containers: { kind: UPDATE }, http: { kind: ADD } });
  });

  it("says that an old state does not fit, by property", async () => {
    await expect(client.delete("Files", "v", { ...files })).rejects.toThrow(
      "it: the stack's state does not fit this version of dockstage (volume)",
    );
  });
});

describe("errors", () => {
  it("never show a secret", async () => {
    engine.archiveError = new Error("cannot unpack hunter2hunter2");
    await expect(client.create("Files", files)).rejects.toThrow(/^the dockstage provider: cannot unpack \[secret\]$/);
    expect([engine.volumes.size, engine.containersById.size]).toEqual([0, 0]);
  });

  it("hand the whole text over, in several lines and without a stack", async () => {
    engine.onStart = () => ({ log: ["one", "two"], exit: 3 });
    await expect(client.create("Job", job)).rejects.toThrow(
      /^The job migrate failed: exit code 3\n {2}last log lines of migrate:\n {4}one\n {4}two\nIt runs again with the next update\.$/,
    );
  });
});

describe("cancel", () => {
  it("ends what is under way, cleaned up, and refuses what comes after", async () => {
    engine.onStart = () => ({ log: ["begun"], exit: "runs" });
    const failed = expect(client.create("Job", job)).rejects.toThrow(/^cancelled$/);
    while (client.logs.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(engine.containersById.size).toBe(1);
    await client.cancel();
    await failed;
    expect(engine.containersById.size).toBe(0);
    await expect(client.create("Files", files)).rejects.toThrow(/^cancelled$/);
    expect(engine.volumes.size).toBe(0);
  });
});
