import { describe, expect, test } from "@jest/globals";
import type { Engine } from "../../../provider/engine";
import type { Context } from "../../../provider/resource";
import { UNKNOWN } from "../../../provider/resource";
import { resource, serverBlock } from "../../../provider/route";

const NEWS = {
  door: "new-door-0001",
  route: "web",
  hosts: ["b.dev.localhost", "a.dev.localhost"],
  upstream: "shop-web-x1",
  port: 8080,
  drainSeconds: 10,
};
const STATE = { ...NEWS, content: serverBlock(NEWS) };

interface Spoken {
  readonly code: number;
  readonly output: string;
}

/** Doors that run, and what `route` in them answers. */
function surroundings(
  doors: readonly string[],
  answer: (door: string, args: readonly string[]) => Spoken | Error = () => ({ code: 0, output: "" }),
) {
  const calls: string[] = [];
  const lines: string[] = [];
  const engine: Partial<Engine> = {
    container: (id) =>
      Promise.resolve(
        doors.includes(id)
          ? {
              id,
              name: id,
              status: id.startsWith("stopped") ? "exited" : "running",
              exitCode: 0,
              oomKilled: false,
              restarts: 0,
              startedAt: "",
            }
          : undefined,
      ),
    exec: (id, command) => {
      calls.push(`${id} ${command.slice(0, 3).join(" ")}`);
      const said = answer(id, command.slice(1));
      return said instanceof Error ? Promise.reject(said) : Promise.resolve(said);
    },
  };
  const ctx: Context = {
    urn: "",
    name: "web-route",
    preview: false,
    signal: new AbortController().signal,
    engine: () => Promise.resolve(engine as Engine), // the test's own half of it
    log: (message, severity) => void lines.push(`${severity ?? ""}: ${message}`),
  };
  return { ctx, calls, lines };
}

test("the server block looks the upstream up at request time", () => {
  expect(serverBlock(NEWS)).toBe(`server {
  listen 8080;
  server_name a.dev.localhost b.dev.localhost;
  include /etc/nginx/pages.conf;
  location / {
    set $upstream shop-web-x1:8080;
    include /etc/nginx/proxy.conf;
  }
}
`);
});

test.each([
  ["route", "../x"],
  ["hosts", []],
  ["hosts", ["a; return 200"]],
  ["hosts", ["A.localhost"]],
  ["hosts", ["http://a"]],
  ["upstream", "a;b"],
  ["port", 0],
])("an input that could say more to nginx is refused: %s %j", (property, value) => {
  const result = resource.inputs.safeParse({ ...NEWS, [property]: value });
  expect(result.error?.issues.map(({ path }) => path[0])).toEqual([property]);
});

describe("diff", () => {
  const { ctx } = surroundings([]);
  test.each<[string, object, object]>([
    ["nothing", {}, { replaces: [], updates: [] }],
    ["the door", { door: "other" }, { replaces: [], updates: ["door"] }],
    ["a door that is not known yet", { door: UNKNOWN }, { replaces: [], updates: ["door"] }],
    [
      "hosts, upstream and port",
      { hosts: ["c.dev.localhost"], upstream: "y", port: 1 },
      { replaces: [], updates: ["hosts", "upstream", "port"] },
    ],
    ["only the wait", { drainSeconds: 1 }, { replaces: [], updates: [] }],
    ["the name", { route: "other" }, { replaces: ["route"], updates: [] }],
  ])("%s", async (_, change, expected) => {
    expect(await resource.diff("web", NEWS, STATE, { ...NEWS, ...change }, ctx)).toEqual(expected);
  });

  test("a route that was changed or removed in the demux", async () => {
    expect(await resource.diff("web", NEWS, { ...STATE, content: "" }, NEWS, ctx)).toEqual({ replaces: [], updates: ["content"] });
  });
});

test("preview knows the content as soon as its inputs are known", async () => {
  const { ctx } = surroundings([]);
  expect(await resource.preview?.({ ...NEWS, door: UNKNOWN }, undefined, ctx)).toEqual({ content: serverBlock(NEWS) });
  expect(await resource.preview?.({ ...NEWS, upstream: UNKNOWN }, undefined, ctx)).toEqual({ content: UNKNOWN });
});

describe("create and update", () => {
  test("a new one has no old upstream to wait for", async () => {
    const { ctx, calls } = surroundings([NEWS.door]);
    expect(await resource.create(NEWS, ctx)).toEqual({ id: "web", computed: { content: serverBlock(NEWS) } });
    expect(calls).toEqual(["new-door-0001 route put web"]);
  });

  test("a changed one: put, then drain", async () => {
    const { ctx, calls } = surroundings([NEWS.door]);
    expect(await resource.update?.("web", { ...STATE, door: NEWS.door }, NEWS, ctx)).toEqual({ content: serverBlock(NEWS) });
    expect(calls).toEqual(["new-door-0001 route put web", "new-door-0001 route drain 10"]);
  });

  test("a replaced door leaves the old upstream too, and may fail to", async () => {
    const old = { ...STATE, door: "old-door" };
    const both = surroundings([NEWS.door, "old-door"]);
    await resource.update?.("web", old, NEWS, both.ctx);
    expect(both.calls).toEqual([
      "new-door-0001 route put web",
      "old-door route put web",
      "new-door-0001 route drain 10",
      "old-door route drain 10",
    ]);
    const broken = surroundings([NEWS.door, "old-door"], (door) => (door === "old-door" ? new Error("broken") : { code: 0, output: "" }));
    await resource.update?.("web", old, NEWS, broken.ctx);
    expect(broken.calls).toEqual(["new-door-0001 route put web", "old-door route put web", "new-door-0001 route drain 10"]);
  });

  test("nginx's refusal is the message", async () => {
    const { ctx, calls } = surroundings([NEWS.door], () => ({ code: 1, output: "route: nginx refuses\n[emerg] bad\n" }));
    await expect(resource.create(NEWS, ctx)).rejects.toThrow(
      "The route web (b.dev.localhost, a.dev.localhost to shop-web-x1:8080) was refused, and the old route stays in use:\nroute: nginx refuses\n[emerg] bad",
    );
    expect(calls).toHaveLength(1);
  });

  test.each([
    ["stopped-door", "does not run"],
    ["nowhere", "is gone"],
  ])("a door that is %s", async (door, reason) => {
    await expect(resource.create({ ...NEWS, door }, surroundings(["stopped-door"]).ctx)).rejects.toThrow(
      `because the demux ${door} ${reason}`,
    );
  });

  test("nginx's warnings and a drain that fails are warnings", async () => {
    const { ctx, lines } = surroundings([NEWS.door], (_, [verb]) =>
      verb === "put" ? { code: 0, output: "[warn] conflicting server name" } : new Error("late"),
    );
    await resource.update?.("web", { ...STATE, door: NEWS.door }, NEWS, ctx);
    expect(lines).toEqual(["warning: [warn] conflicting server name", "warning: waiting for requests to the old upstream: late"]);
  });
});

describe("read and delete", () => {
  test.each<[string, Spoken, object]>([
    ["as it is in the demux", { code: 0, output: "other" }, { content: "other" }],
    ["gone from the demux", { code: 3, output: "" }, { content: "" }],
  ])("%s", async (_, said, expected) => {
    expect(await resource.read?.("web", STATE, surroundings([NEWS.door], () => said).ctx)).toEqual(expected);
  });

  test("a door that is gone took the route with it", async () => {
    expect(await resource.read?.("web", STATE, surroundings([]).ctx)).toBeUndefined();
    await resource.delete("web", STATE, surroundings([]).ctx);
  });

  test("delete drops it, and says why it could not", async () => {
    const good = surroundings([NEWS.door]);
    await resource.delete("web", STATE, good.ctx);
    expect(good.calls).toEqual(["new-door-0001 route drop web"]);
    await expect(resource.delete("web", STATE, surroundings([NEWS.door], () => ({ code: 1, output: "no" })).ctx)).rejects.toThrow(
      "could not be removed from the demux new-door-000:\nno",
    );
  });
});
