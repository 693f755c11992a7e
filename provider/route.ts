import { z } from "zod";
import { changed, Problem, UNKNOWN } from "./resource";
import type { Context, Resource } from "./resource";

/** A route in a demux that runs: `route` in the demux's image checks it, and keeps the old one if nginx refuses it. */

const HOST = /^(\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const inputs = z.object({
  door: z.string().min(1),
  route: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, "must have only a-z, 0-9, . and -"),
  hosts: z.array(z.string().regex(HOST, "must be a host name in lower case, without scheme and port")).min(1, "must have a host"),
  upstream: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, "must be a host name"),
  port: z.number().int().min(1).max(65535),
  drainSeconds: z.number().int().min(0),
});
const computed = z.object({ content: z.string().describe("The route's file, as nginx reads it.") });
type Inputs = z.infer<typeof inputs>;
type Computed = z.infer<typeof computed>;

/** Exit code of `route show` for a route that is not there. */
const ABSENT = 3;
/** Time for a route to be put: the demux waits for a lock and for nginx, each with a bound of its own; seconds. */
const PATIENCE = 120;

/** nginx's server block: the name is looked up at request time, so that a container that is not there never stops nginx. */
export function serverBlock({ hosts, upstream, port }: Pick<Inputs, "hosts" | "upstream" | "port">): string {
  return [
    "server {",
    "  listen 8080;",
    `  server_name ${[...hosts].sort().join(" ")};`,
    "  include /etc/nginx/pages.conf;",
    "  location / {",
    `    set $upstream ${upstream}:${port};`,
    "    include /etc/nginx/proxy.conf;",
    "  }",
    "}",
    "",
  ].join("\n");
}

type Door =
  | { readonly state: "gone" }
  | { readonly state: "stopped" }
  | { readonly state: "running"; readonly code: number; readonly output: string };

/** Runs `route` in the demux. */
async function routeIn(door: string, args: readonly string[], ctx: Context, timeoutSeconds = PATIENCE): Promise<Door> {
  const engine = await ctx.engine();
  const container = await engine.container(door);
  if (!container || container.status === "removing" || container.status === "dead") return { state: "gone" };
  if (container.status !== "running") return { state: "stopped" };
  return { state: "running", ...(await engine.exec(container.id, ["route", ...args], { signal: ctx.signal, timeoutSeconds })) };
}

const put = (door: string, news: Inputs, ctx: Context): Promise<Door> =>
  routeIn(door, ["put", news.route, Buffer.from(serverBlock(news)).toString("base64")], ctx);

/** Returns the doors that have the route now. */
async function applied(news: Inputs, oldDoor: string | undefined, ctx: Context): Promise<readonly string[]> {
  const outcome = await put(news.door, news, ctx);
  const about = `The route ${news.route} (${news.hosts.join(", ")} to ${news.upstream}:${news.port})`;
  if (outcome.state !== "running") {
    throw new Problem(
      `${about} could not be set, because the demux ${news.door.slice(0, 12)} ${outcome.state === "gone" ? "is gone" : "does not run"}: look at \`docker ps --all\`, and run it again with --refresh`,
    );
  }
  if (outcome.code !== 0) {
    throw new Problem(`${about} was refused, and the old route stays in use:\n${outcome.output.trim()}`);
  }
  const warning = outcome.output.trim();
  if (warning !== "") ctx.log(warning, "warning");
  const doors = [news.door];
  // A replaced demux serves until it is deleted: it too must leave the old upstream, which may be deleted first.
  if (oldDoor !== undefined && oldDoor !== news.door) {
    const old = await put(oldDoor, news, ctx).catch(() => undefined);
    if (old?.state === "running" && old.code === 0) doors.push(oldDoor);
    ctx.signal.throwIfAborted();
  }
  return doors;
}

/** Waits for the requests that still go to the old upstream. The new route is in use already: what goes wrong here is a warning. */
async function drain(door: string, seconds: number, ctx: Context): Promise<void> {
  if (seconds === 0) return;
  try {
    const outcome = await routeIn(door, ["drain", String(seconds)], ctx, seconds + 10);
    if (outcome.state === "running" && outcome.output.trim() !== "") ctx.log(outcome.output.trim(), "info");
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log(`waiting for requests to the old upstream: ${error instanceof Error ? error.message : String(error)}`, "warning");
  }
}

export const resource: Resource<Inputs, Computed> = {
  inputs,
  computed,
  outputs: ["content"],

  diff(_id, oldInputs, state, news) {
    // The name is the route's identity; another one is another file.
    const replaces = changed(oldInputs, news, ["route"]);
    const updates = changed(oldInputs, news, ["door", "hosts", "upstream", "port"]);
    // How long to wait is no part of the route. A route that differs in the demux is put again.
    const drifted = replaces.length === 0 && updates.length === 0 && state.content !== serverBlock(oldInputs);
    return Promise.resolve({ replaces, updates: drifted ? ["content"] : updates });
  },

  preview({ hosts, upstream, port }) {
    const parsed = inputs.pick({ hosts: true, upstream: true, port: true }).safeParse({ hosts, upstream, port });
    return Promise.resolve({ content: parsed.success ? serverBlock(parsed.data) : UNKNOWN });
  },

  async create(news, ctx) {
    await applied(news, undefined, ctx);
    return { id: news.route, computed: { content: serverBlock(news) } };
  },

  async update(_id, state, news, ctx) {
    const doors = await applied(news, state.door, ctx);
    await Promise.all(doors.map((door) => drain(door, news.drainSeconds, ctx)));
    return { content: serverBlock(news) };
  },

  async read(_id, state, ctx) {
    const outcome = await routeIn(state.door, ["show", state.route], ctx);
    if (outcome.state === "gone") return undefined;
    // In a stopped demux the volume still has it; that it does not run is for its container to say.
    if (outcome.state === "stopped") return { content: state.content };
    if (outcome.code === ABSENT) return { content: "" };
    if (outcome.code !== 0)
      throw new Problem(`The route ${state.route} could not be read from the demux ${state.door.slice(0, 12)}: ${outcome.output.trim()}`);
    return { content: outcome.output };
  },

  async delete(_id, state, ctx) {
    const outcome = await routeIn(state.door, ["drop", state.route], ctx);
    if (outcome.state !== "running" || outcome.code === 0) return;
    throw new Problem(`The route ${state.route} could not be removed from the demux ${state.door.slice(0, 12)}:\n${outcome.output.trim()}`);
  },
};
