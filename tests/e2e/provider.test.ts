import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { connect } from "../../provider/docker";
import { Client, secret } from "../support/provider";
import type { Properties } from "../support/provider";

/** dockstage's own provider on the real engine. Every object made here carries the label `dockstage.test=provider`. */

const IMAGE = "debian:bookworm-slim";
const labels = { "dockstage.test": "provider", "dockstage.component": "p" };

const docker = (...args: string[]): string => execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
const ours = (what: "ps" | "volume" | "network"): string[] => {
  const list =
    what === "ps"
      ? docker("ps", "-aq", "--filter", "label=dockstage.test=provider")
      : docker(what, "ls", "-q", "--filter", "label=dockstage.test=provider");
  return list.split("\n").filter(Boolean);
};
/** A container that runs a shell script; its ID. */
const start = (script: string, ...options: string[]): string =>
  docker("run", "-d", "--label", "dockstage.test=provider", ...options, IMAGE, "sh", "-c", script);

/** Waits for what no event tells of, at most 15 s. */
async function until(done: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(done()).toBe(true);
}
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

jest.setTimeout(60_000);

let folder: string;
let client: Client;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "provider-"));
  process.env["DOCKSTAGE_DATA"] = folder;
});
beforeEach(async () => {
  client = await Client.start();
});
afterEach(async () => {
  await client.close();
});
afterAll(() => {
  for (const id of ours("ps")) docker("rm", "-f", "-v", id);
  for (const name of ours("volume")) docker("volume", "rm", name);
  rmSync(folder, { recursive: true });
});

describe("Files", () => {
  const files = {
    prefix: "provider-e2e",
    files: { "env/KEY": { content: secret("hunter2hunter2"), mode: "0400" }, plain: { content: "é\n", mode: "0644" } },
    uid: 1000,
    gid: 33,
    image: IMAGE,
    labels,
  };

  it("makes a volume with owners and modes, sees it gone, and deletes it twice", async () => {
    const { id, state } = await client.create("Files", files);
    expect(state["files"]).toEqual(files.files);
    expect(
      docker("run", "--rm", "-v", `${id}:/v:ro`, IMAGE, "find", "/v", "-mindepth", "1", "-printf", "%P %U:%G %m %s\n").split("\n").sort(),
    ).toEqual(["env 1000:33 755 4096", "env/KEY 1000:33 400 14", "plain 1000:33 644 3"]);
    expect(ours("ps")).toEqual([]);
    expect(await client.read("Files", id, files, state)).toEqual(state);
    await client.delete("Files", id, state);
    await client.delete("Files", id, state);
    expect(await client.read("Files", id, files, state)).toBeUndefined();
  });

  it("leaves no volume and no container where it fails", async () => {
    await expect(client.create("Files", { ...files, image: "provider-e2e-no-such-image" })).rejects.toThrow("No such image");
    expect([...ours("ps"), ...ours("volume")]).toEqual([]);
  });

  it("waits for the container that still uses the volume", async () => {
    const { id, state } = await client.create("Files", files);
    const user = start("sleep 60", "-v", `${id}:/v`);
    const deleted = client.delete("Files", id, state);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(ours("volume")).toEqual([id]);
    docker("rm", "-f", user);
    await deleted;
    expect(ours("volume")).toEqual([]);
  });
});

describe("Job", () => {
  const job = (script: string, more: Properties = {}): Properties => ({
    job: "migrate",
    trigger: ["1"],
    image: IMAGE,
    entrypoint: ["sh", "-c"],
    command: [script],
    env: { GREETING: "hello" },
    networks: [],
    mounts: [],
    scratch: ["/var/tmp", "/run"],
    readOnlyRoot: true,
    capabilities: [],
    memoryMiB: 64,
    cpus: 0.5,
    timeoutSeconds: 20,
    labels,
    ...more,
  });
  const nothingLeft = (): void => expect(ours("ps")).toEqual([]);

  it("runs to completion, shows its log as progress, and leaves nothing", async () => {
    const { id, state } = await client.create(
      "Job",
      job("echo $GREETING; echo x > /var/tmp/x; echo y > /run/y; ! touch /y 2>/dev/null && echo done >&2"),
    );
    expect(id).toBe("migrate");
    expect(Date.parse(String(state["finishedAt"]))).toBeGreaterThan(Date.now() - 20_000);
    expect(client.logs.filter(({ ephemeral }) => ephemeral).map(({ message }) => message)).toEqual(["migrate: hello", "migrate: done"]);
    nothingLeft();
  });

  it("runs again only when its trigger changes", async () => {
    const { id, state } = await client.create("Job", job("true"));
    expect((await client.diff("Job", id, job("true"), state, job("false"))).changes).toBe(false);
    const news = job("true", { trigger: ["2"] });
    expect(await client.diff("Job", id, job("true"), state, news)).toMatchObject({
      changes: true,
      replaces: [],
      detailed: { trigger: { inputDiff: true } },
    });
    expect(String((await client.update("Job", id, job("true"), state, news))["finishedAt"]) > String(state["finishedAt"])).toBe(true);
  });

  it("fails with the exit code and its last lines", async () => {
    await expect(client.create("Job", job("for i in $(seq 50); do echo line $i; done; exit 3"))).rejects.toThrow(
      `The job migrate failed: exit code 3\n  last log lines of migrate:\n${Array.from({ length: 40 }, (_, i) => `    line ${i + 11}`).join("\n")}\nIt runs again with the next update.`,
    );
    nothingLeft();
  });

  it("says that it was out of memory", async () => {
    await expect(client.create("Job", job("head -c 200m /dev/zero | tail", { memoryMiB: 16 }))).rejects.toThrow(
      /more memory than its limit of 16 MiB|exit code 137/,
    );
    nothingLeft();
  });

  it("stops at its timeout", async () => {
    await expect(client.create("Job", job("echo begun; sleep 60", { timeoutSeconds: 1 }))).rejects.toThrow(
      "it did not end within 1 s and was stopped\n  last log lines of migrate:\n    begun",
    );
    nothingLeft();
  });

  it("ends when the person cancels", async () => {
    const running = client.create("Job", job("echo begun; sleep 60"));
    const failed = expect(running).rejects.toThrow("cancelled");
    await until(() => client.logs.length > 0);
    const scratch = docker("inspect", "-f", '{{range .Mounts}}{{if eq .Destination "/var/tmp"}}{{.Name}}{{end}}{{end}}', ...ours("ps"));
    const began = Date.now();
    await client.cancel();
    await failed;
    expect(Date.now() - began).toBeLessThan(5000);
    expect(scratch).toMatch(/^[0-9a-f]{64}$/);
    expect(docker("volume", "ls", "-q")).not.toContain(scratch);
    nothingLeft();
  });

  it("is removed when Pulumi is killed: the provider ends with its parent", async () => {
    const provider = path.resolve("provider/pulumi-resource-dockstage");
    const parent = spawn("sh", ["-c", `"${provider}" & echo $!; wait`], { stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    parent.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    await until(() => said.trim().split("\n").length === 2);
    const [pid = 0, port = 0] = said.trim().split("\n").map(Number);
    const other = Client.connect(port);
    const failed = expect(other.create("Job", job("sleep 60"))).rejects.toThrow();
    await until(() => docker("ps", "-q", "--filter", "label=dockstage.test=provider") !== "");
    parent.kill("SIGKILL");
    await failed;
    await until(() => ours("ps").length === 0 && !alive(pid));
    await other.close();
  });

  it("removes what a killed run left", async () => {
    start("sleep 60", "--label", "dockstage.component=p", "--label", "dockstage.job=migrate");
    await client.create("Job", job("true"));
    nothingLeft();
  });
});

describe("Ready", () => {
  const ready = (container: string, more: Properties = {}): Properties => ({
    service: "web",
    containers: [container],
    command: ["test", "-e", "/tmp/ok"],
    timeoutSeconds: 20,
    ...more,
  });

  it("waits until the command succeeds", async () => {
    const container = start("sleep 1; touch /tmp/ok; sleep 60");
    const { state } = await client.create("Ready", ready(container));
    expect(state["ready"]).toEqual([container]);
    docker("rm", "-f", container);
  });

  it("says why a container is not healthy in time, and removes it", async () => {
    const container = start("echo starting; sleep 60", "--name", "provider-e2e-web");
    await expect(
      client.create("Ready", ready(container, { timeoutSeconds: 1, command: ["sh", "-c", "echo no database; exit 1"] })),
    ).rejects.toThrow(
      [
        "web did not become healthy within 1 s",
        "  probe: sh -c echo no database; exit 1",
        "  last answer: exit code 1: no database",
        "  state: running",
        "  last log lines of provider-e2e-web:",
        "    starting",
        "The new container was removed; the old one, if any, keeps serving.",
      ].join("\n"),
    );
    expect(ours("ps")).toEqual([]);
  });

  it("does not wait for one that ended", async () => {
    const container = start("echo cannot read config >&2; sleep 0.5; exit 7");
    const began = Date.now();
    await expect(client.create("Ready", ready(container))).rejects.toThrow(
      /^web ended before it became healthy: exit code 7\n(.|\n)*cannot read config/,
    );
    expect(Date.now() - began).toBeLessThan(8000);
    expect(ours("ps")).toEqual([]);
  });

  it("does not wait for one that restarts", async () => {
    const container = start("sleep 0.5; exit 7", "--restart", "always");
    // Whether the engine has started it again already is a matter of chance.
    await expect(client.create("Ready", ready(container))).rejects.toThrow(
      /^web ended before it became healthy: (exit code 7|the engine has started it again)$/m,
    );
    expect(ours("ps")).toEqual([]);
  });

  it("keeps the container that served before, also where its new probe fails", async () => {
    const container = start("touch /tmp/ok; sleep 60");
    const { id, state } = await client.create("Ready", ready(container));
    const news = ready(container, { command: ["false"], timeoutSeconds: 1 });
    expect((await client.diff("Ready", id, ready(container), state, news)).detailed).toEqual({ command: { kind: 4, inputDiff: true } });
    await expect(client.update("Ready", id, ready(container), state, news)).rejects.toThrow("No container is new, so none was removed.");
    expect(ours("ps")).toHaveLength(1);
    docker("rm", "-f", container);
  });
});

describe("Lease", () => {
  const holder = (name: string): Properties => ({ holder: name, subnet: { pool: "10.214.0.0/22", prefix: 27 } });

  it("gives twenty at once a subnet each, and the same one to the same holder", async () => {
    const leases = await Promise.all(Array.from({ length: 20 }, (_, i) => client.create("Lease", holder(`h${i}`))));
    expect(new Set(leases.map(({ id }) => id)).size).toBe(20);
    expect((await client.create("Lease", holder("h7"))).id).toBe(leases[7]?.id);
    await Promise.all(leases.map(({ id, state }) => client.delete("Lease", id, state)));
    expect(JSON.parse(readFileSync(path.join(folder, "leases.json"), "utf8"))).toEqual({});
  });

  it("goes around networks of the engine, and lists the holders of an exhausted pool", async () => {
    docker("network", "create", "--label", "dockstage.test=provider", "--subnet", "10.214.4.0/27", "provider-e2e");
    try {
      const wish = { holder: "b", subnet: { pool: "10.214.4.0/26", prefix: 27 } };
      const { id, state } = await client.create("Lease", wish);
      expect(id).toBe("10.214.4.32/27");
      await expect(client.create("Lease", { ...wish, holder: "c" })).rejects.toThrow(
        /^The pool 10\.214\.4\.0\/26 has no free \/27 left\.(.|\n)*10\.214\.4\.0\/27 network provider-e2e(.|\n)*10\.214\.4\.32\/27 leased to b/,
      );
      await client.delete("Lease", id, state);
    } finally {
      docker("network", "rm", "provider-e2e");
    }
  });

  it("names who has the port, and takes the next", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(18_473, "127.0.0.1", resolve));
    try {
      const wish = (to: number): Properties => ({ holder: "p", port: { address: "127.0.0.1", from: 18_473, to } });
      await expect(client.create("Lease", wish(18_473))).rejects.toThrow(
        /^Port 18473 on 127\.0\.0\.1 is taken\.(.|\n)*18473 by (the process \S+ \(pid \d+\)|another program)/,
      );
      const { id, state } = await client.create("Lease", wish(18_474));
      expect(id).toBe("18474");
      await expect(client.create("Lease", { ...wish(18_474), holder: "q" })).rejects.toThrow("18474 by p, which leased it");
      await client.delete("Lease", id, state);
    } finally {
      server.close();
    }
  });
});

describe("Generation", () => {
  it("sees containers that are no longer on the engine, and counts stopped ones", async () => {
    const inputs = { definition: "a", replicas: 1 };
    const { id, state } = await client.create("Generation", inputs);
    expect(state["token"]).toMatch(/^[a-z0-9]{8}$/);
    const container = docker(
      "create",
      "--label",
      "dockstage.test=provider",
      "--label",
      `dockstage.generation=${String(state["token"])}`,
      IMAGE,
      "true",
    );
    expect((await client.diff("Generation", id, inputs, state, inputs)).changes).toBe(false);
    docker("rm", container);
    expect(await client.diff("Generation", id, inputs, state, inputs)).toMatchObject({
      changes: true,
      replaces: [],
      detailed: { token: { inputDiff: false } },
    });
    expect(await client.read("Generation", id, inputs, state)).toEqual(state);
    expect((await client.update("Generation", id, inputs, state, inputs))["token"]).not.toBe(state["token"]);
  });
});

describe("External", () => {
  it("finds a network, or says what the program wants said", async () => {
    const inputs = { network: "bridge", absent: "The host is not up: run x." };
    const { state } = await client.create("External", inputs);
    expect(state["networkId"]).toBe(docker("network", "inspect", "-f", "{{.Id}}", "bridge"));
    await expect(client.create("External", { ...inputs, network: "provider-e2e-none" })).rejects.toThrow(/^The host is not up: run x\.$/);
  });
});

describe("the executable", () => {
  it("says its port within 250 ms, and ends with success when asked to", async () => {
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = Date.now();
      const provider = spawn("provider/pulumi-resource-dockstage", ["127.0.0.1:1"], { stdio: ["ignore", "pipe", "inherit"] });
      const line = await new Promise<string>((resolve) => provider.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString())));
      times.push(Date.now() - began);
      expect(line).toMatch(/^\d+\n$/);
      provider.kill("SIGTERM");
      expect(await new Promise((resolve) => provider.once("exit", resolve))).toBe(0);
    }
    expect(Math.min(...times)).toBeLessThan(250);
  });
});

describe("the engine", () => {
  it("is missed in one sentence with the fix", async () => {
    await expect(connect("unix:///nowhere/docker.sock")).rejects.toThrow(
      "No container engine answers at unix:///nowhere/docker.sock (ENOENT): start it with scripts/setup, or set DOCKER_HOST to one that runs.",
    );
  });
});
