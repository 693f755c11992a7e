import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connect } from "../../provider/docker";
import type { Engine } from "../../provider/engine";
import { resource as route, serverBlock } from "../../provider/route";
import { ask, echo } from "../support/http-client";
import { bench, imageOf, PREFIX } from "../support/image-bench";

/** Both jobs of the demux on a real engine: host demux -> door -> apps that come and go. */

const HOST = `${PREFIX}.dev.localhost`;
const GIB = 1024 ** 3;
const remove: (() => Promise<unknown>)[] = [];
let engine: Engine;
let port: number;
let demux: string;
let upstream: string;
let hostDemux: string;
let door: string;

beforeAll(async () => {
  engine = await connect();
  const { docker } = engine;
  // What an interrupted run left.
  for (const { Id } of await docker.listContainers({ all: true, filters: { name: [`^/${PREFIX}-demux-`] } }))
    await engine.removeContainer(Id);
  for (const { Id } of await docker.listNetworks({ filters: { name: [`^${PREFIX}-demux-`] } })) await docker.getNetwork(Id).remove();
  const images = [await imageOf(engine, "images/demux"), await imageOf(engine, "tests/support/upstream")];
  for (const image of images) remove.push(() => image.remove());
  [demux = "", upstream = ""] = images.map(({ id }) => id);

  for (const [name, subnet, internal] of [
    ["public", "10.254.77.0/28", false],
    ["doors", "10.254.77.16/28", true],
    ["edge", "10.254.77.32/28", true],
  ] as const) {
    const network = await docker.createNetwork({
      Name: `${PREFIX}-demux-${name}`,
      Internal: internal,
      IPAM: { Driver: "default", Config: [{ Subnet: subnet }] },
    });
    remove.push(() => network.remove());
  }
  hostDemux = await start("host", demux, ["public", "doors"], { command: ["host"], publish: true });
  door = await start("door", demux, ["edge", "doors"], { command: ["door"], alias: `door-${PREFIX}.dev` });
  const { NetworkSettings } = await docker.getContainer(hostDemux).inspect();
  port = Number(NetworkSettings.Ports["8080/tcp"]?.[0]?.HostPort);
  await listening("host", 8081);
}, 300_000);

afterAll(async () => {
  for (const undo of remove.reverse()) await undo();
}, 120_000);

async function start(
  name: string,
  image: string,
  networks: readonly string[],
  how: { command?: string[]; publish?: boolean; alias?: string } = {},
): Promise<string> {
  const [first = "", ...others] = networks.map((network) => `${PREFIX}-demux-${network}`);
  const id = await engine.createContainer({
    name: `${PREFIX}-demux-${name}`,
    Image: image,
    Cmd: how.command,
    Env: [`NAME=${name}`],
    ExposedPorts: { "8080/tcp": {} },
    NetworkingConfig: { EndpointsConfig: { [first]: {} } },
    HostConfig: {
      NetworkMode: first,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: 64 * 1024 * 1024,
      PortBindings: how.publish ? { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "0" }] } : {},
      Mounts: [
        { Type: "volume", Source: "", Target: "/tmp" },
        ...(image === demux ? [{ Type: "volume" as const, Source: "", Target: "/etc/nginx/routes" }] : []),
      ],
    },
  });
  remove.push(() => engine.removeContainer(id));
  for (const network of others)
    await engine.docker.getNetwork(network).connect({ Container: id, EndpointConfig: how.alias ? { Aliases: [how.alias] } : {} });
  await engine.startContainer(id);
  return id;
}

/** Waits until a container answers HTTP, asked from a demux in its network. */
async function listening(name: string, at = 8080): Promise<void> {
  const url = `http://${PREFIX}-demux-${name}:${at}/`;
  const { code, output } = await engine.exec(door, [
    "curl",
    "-sS",
    "-o",
    "/dev/null",
    "--retry",
    "40",
    "--retry-delay",
    "0",
    "--retry-max-time",
    "20",
    "--retry-all-errors",
    url,
  ]);
  if (code !== 0) throw new Error(output);
}

/** What Route is asked for: the host's requests to this container. */
const to = (name: string, drainSeconds = 10) => ({
  door,
  route: "web",
  hosts: [HOST],
  upstream: `${PREFIX}-demux-${name}`,
  port: 8080,
  drainSeconds,
});
const get = (path = "/", headers = {}) => ask({ port, host: HOST, path, headers });

describe("pages", () => {
  test("an unknown host gets a page that says which, and what to do", async () => {
    const { status, body, headers } = await ask({ port, host: "<b>x</b>.example" });
    expect(status).toBe(400); // nginx itself refuses what is no host name
    const unknown = await ask({ port, host: "nobody.example", headers: { "X-Forwarded-Host": "other" } });
    expect(unknown.status).toBe(404);
    expect(unknown.body).toContain("No environment has the name <code>nobody.example</code>");
    expect(unknown.body).toContain("npx dockstage ls");
    expect(unknown.body).toContain('<a href="http://localhost:80/">All environments on this engine</a>');
    const onPort = await ask({ port, host: "nobody.example:8099" });
    expect(onPort.body).toContain('<a href="http://localhost:8099/">');
    expect(unknown.headers["cache-control"]).toBe("no-store");
    expect(JSON.stringify([body, headers, unknown])).not.toMatch(/nginx\/\d/);
  });

  test("an environment that is not there has its name and the command", async () => {
    for (const host of ["shop.live.localhost", "php7.4-apache-mariadb10.11.shop.live.localhost"]) {
      const { status, body, headers } = await ask({ port, host, method: "POST" });
      expect(status).toBe(503);
      expect(body).toContain("The environment shop / live is not there or not up");
      expect(body).toContain("npx dockstage up live");
      expect(headers["retry-after"]).toBe("2");
    }
  });

  test("a door without a route says that the app is not up yet", async () => {
    const { status, body } = await get();
    expect(status).toBe(503);
    expect(body).toContain(`<code>${HOST}</code> is not up yet`);
  });
});

describe("a route", () => {
  let web: ReturnType<typeof to>;
  const ctx = () => bench(engine, "web-route");
  beforeAll(async () => {
    web = to("web");
    await start("web", upstream, ["edge"]);
    await listening("web");
    await route.create(web, ctx());
  }, 60_000);

  test("reaches the app with what it may know of the client", async () => {
    const { status, body } = await get("/headers", {
      "X-Forwarded-For": "6.6.6.6",
      "X-Forwarded-Proto": "https",
      "X-Forwarded-Host": "evil.example",
      Forwarded: "for=6.6.6.6",
      Proxy: "http://evil",
    });
    expect(status).toBe(200);
    const seen: unknown = JSON.parse(body);
    expect(seen).toMatchObject({
      host: HOST,
      "x-forwarded-proto": "http",
      "x-forwarded-host": HOST,
      "x-forwarded-port": "80",
      connection: "close",
    });
    expect(seen).toMatchObject({ "x-forwarded-for": expect.stringMatching(/^10\.254\.77\.\d+$/) });
    expect(seen).not.toHaveProperty("forwarded");
    expect(seen).not.toHaveProperty("proxy");
    const onPort = await ask({ port, host: `${HOST}:8099`, path: "/headers" });
    expect(JSON.parse(onPort.body)).toMatchObject({ host: `${HOST}:8099`, "x-forwarded-port": "8099", "x-forwarded-host": `${HOST}:8099` });
  });

  test("leaves the app's own errors alone, and streams", async () => {
    for (const status of [404, 500, 502, 503]) expect(await get(`/status/${status}`)).toMatchObject({ status, body: "the app's own" });
    const { body, parts } = await get("/events");
    expect(body).toBe("data: 0\n\ndata: 1\n\ndata: 2\n\n");
    expect(parts.at(-1)).toBeGreaterThan(700);
  });

  test("passes WebSockets through both", async () => {
    expect(await echo(port, HOST, ["one", "two"])).toEqual(["web: one", "web: two"]);
  });

  test("that nginx refuses leaves the old one", async () => {
    const bad = { ...web, hosts: [HOST, "~(unclosed"] }; // past the schema on purpose
    const refused = route.update?.("web", { ...web, content: serverBlock(web) }, bad, ctx());
    await expect(refused).rejects.toThrow(
      /The route web .* was refused, and the old route stays in use:\n[\s\S]*\[emerg\].*missing closing parenthesis.*\/etc\/nginx\/routes\/web\.conf/,
    );
    expect(await get()).toMatchObject({ status: 200, body: "web" });
    expect(await route.read?.("web", { ...web, content: serverBlock(web) }, ctx())).toEqual({ content: serverBlock(web) });
  });

  test("shows drift: content changed by hand, removed, and a door that is gone", async () => {
    const state = { ...web, content: serverBlock(web) };
    expect(await route.diff("web", web, state, web, ctx())).toEqual({ replaces: [], updates: [] });
    await engine.exec(door, ["sh", "-c", "echo '# by hand' >> /etc/nginx/routes/web.conf"]);
    const drifted = await route.read?.("web", state, ctx());
    expect(drifted?.content).toContain("# by hand");
    expect(await route.diff("web", web, { ...state, content: drifted?.content ?? "" }, web, ctx())).toEqual({
      replaces: [],
      updates: ["content"],
    });
    await route.delete("web", state, ctx());
    expect(await route.read?.("web", state, ctx())).toEqual({ content: "" });
    expect((await get()).status).toBe(503);
    await route.update?.("web", { ...state, content: "" }, web, ctx());
    expect((await get()).status).toBe(200);
    const gone = { ...state, door: "0".repeat(64) };
    expect(await route.read?.("web", gone, ctx())).toBeUndefined();
    await route.delete("web", gone, ctx());
    await expect(route.create({ ...web, door: gone.door }, ctx())).rejects.toThrow(
      "could not be set, because the demux 000000000000 is gone",
    );
  });

  test("stays over a restart of the door, follows a restarted app, and survives an app that is gone", async () => {
    const container = engine.docker.getContainer(door);
    await container.restart({ t: 5 });
    await listening("host", 8081);
    expect((await get()).body).toBe("web");
    const app = engine.docker.getContainer(`${PREFIX}-demux-web`);
    await app.stop({ t: 2 });
    expect(await get()).toMatchObject({ status: 503, body: expect.stringContaining(`The app behind <code>${HOST}</code> is not up`) });
    await container.restart({ t: 5 }); // its upstream has no address now
    await app.start();
    await listening("web");
    expect((await get()).body).toBe("web");
  }, 60_000);

  test("uploads 1 GiB with less than 32 MiB of growth in each demux", async () => {
    const piece = Buffer.alloc(1024 * 1024, 7);
    function* body(): Generator<Buffer> {
      for (let sent = 0; sent < GIB; sent += piece.length) yield piece;
    }
    // Two measures: what the engine counts (socket buffers and cached files included), about once a second, and the processes' own peak.
    const memory = async (id: string): Promise<number> => {
      const { memory_stats: now } = await engine.docker.getContainer(id).stats({ stream: false });
      return now.usage;
    };
    const peak = async (id: string): Promise<number> => {
      const { output } = await engine.exec(id, ["sh", "-c", "cat /proc/[0-9]*/status"]);
      const sizes = [...output.matchAll(/^Name:\s+nginx$[^]*?^VmHWM:\s+(\d+) kB$/gm)].map(([, size]) => Number(size) / 1024);
      expect(sizes).toHaveLength(2); // master and worker
      return sizes.reduce((sum, size) => sum + size, 0);
    };
    const peaksBefore = [await peak(hostDemux), await peak(door)];
    const both = () => Promise.all([memory(hostDemux), memory(door)]);
    const before = await both();
    const most = [...before];
    let samples = 0;
    let done = false;
    const watch = (async () => {
      while (!done) {
        samples += 1;
        (await both()).forEach((now, at) => {
          most[at] = Math.max(most[at] ?? 0, now);
        });
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    const ways: Record<string, string>[] = [{ "Content-Length": String(GIB) }, { "Transfer-Encoding": "chunked" }];
    for (const headers of ways) {
      const { status, body: said } = await ask({
        port,
        host: HOST,
        path: "/upload",
        method: "POST",
        headers,
        body: body(),
        timeout: 120_000,
      });
      expect({ status, said: JSON.parse(said) as unknown }).toEqual({ status: 200, said: { name: "web", bytes: GIB } });
    }
    done = true;
    await watch;
    expect(samples).toBeGreaterThanOrEqual(3);
    const growth = most.map((top, at) => (top - (before[at] ?? 0)) / 1024 / 1024);
    const own = [(await peak(hostDemux)) - (peaksBefore[0] ?? 0), (await peak(door)) - (peaksBefore[1] ?? 0)];
    process.stdout.write(
      `growth at 2 x 1 GiB: host demux ${growth[0]?.toFixed(1)} MiB, door ${growth[1]?.toFixed(1)} MiB (${samples} samples); processes ${own.map((grown) => grown.toFixed(1)).join(" and ")} MiB\n`,
    );
    for (const grown of [...growth, ...own]) expect(grown).toBeLessThan(32);
  }, 300_000);
});

test("0 of 200 requests a second fail while the app is swapped every second, slow requests included", async () => {
  const ctx = bench(engine, "web-route");
  const names = ["blue", "green"] as const;
  for (const name of names) await start(name, upstream, ["edge"]);
  await listening("blue");
  let now = to("blue");
  await route.update?.("web", { ...to("web"), content: "" }, now, ctx);
  const failed: string[] = [];
  const served = new Map<string, number>();
  const under: Promise<void>[] = [];
  const began = Date.now();
  const fire = (path: string): void => {
    under.push(
      get(path).then(
        ({ status, body }) =>
          void (status === 200
            ? served.set(body, (served.get(body) ?? 0) + 1)
            : failed.push(`${Date.now() - began} ms: ${status} ${body.slice(0, 80)}`)),
        (error: unknown) => void failed.push(`${Date.now() - began} ms: ${String(error)}`),
      ),
    );
  };
  let sent = 0;
  const load = setInterval(() => {
    // Open loop: what the clock asks for, however slow the answers are.
    for (const due = Math.min(2000, Math.floor((Date.now() - began) / 5)); sent < due; sent += 1) fire(sent % 50 === 0 ? "/slow/0.5" : "/");
  }, 5);
  let swaps = 0;
  for (; Date.now() - began < 10_000; swaps += 1) {
    const next = names[(swaps + 1) % 2] ?? "blue";
    const old = now.upstream;
    if (swaps > 0) await engine.startContainer(`${PREFIX}-demux-${next}`);
    await listening(next);
    const news = to(next);
    await route.update?.("web", { ...now, content: serverBlock(now) }, news, ctx);
    now = news;
    await engine.docker.getContainer(old).stop({ t: 5 });
    const rest = began + (swaps + 1) * 1000 - Date.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  clearInterval(load);
  await Promise.all(under);
  process.stdout.write(`${sent} requests, ${swaps} swaps, served ${JSON.stringify([...served])}, ${failed.length} failed\n`);
  expect(failed).toEqual([]);
  expect(sent).toBe(2000);
  expect(swaps).toBeGreaterThanOrEqual(5);
  expect([...served.keys()].sort()).toEqual(["blue", "green"]);
}, 120_000);
