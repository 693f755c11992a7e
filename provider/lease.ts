import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import { z } from "zod";
import { contains, firstFree, formatSubnet, overlaps, parseSubnet, routesOf } from "./cidr";
import type { Subnet } from "./cidr";
import type { Engine } from "./engine";
import { readLedger, withLedger } from "./ledger";
import type { Entry, Ledger } from "./ledger";
import { known, Problem } from "./resource";
import type { Context, Resource } from "./resource";

/** An entry whose object is not on the engine is somebody else's work under way for so long, in milliseconds. */
const FRESH = 10 * 60 * 1000;
/** Most holders that an error lists. */
const MOST = 20;

const cidr = z.string().refine((text) => parseSubnet(text) !== undefined, "must be an IPv4 subnet, for example 10.213.0.0/16");
const portNumber = z.number().int().min(1).max(65535);
const inputs = z
  .object({
    holder: z.string().min(1),
    subnet: z
      .object({ pool: cidr, prefix: z.number().int().min(8).max(30) })
      .refine(({ pool, prefix }) => prefix >= (parseSubnet(pool)?.prefix ?? 0), "prefix must not be shorter than the pool's")
      .optional(),
    port: z
      .object({ address: z.string().min(1), from: portNumber, to: portNumber })
      .refine(({ from, to }) => from <= to, "from must not be greater than to")
      .optional(),
  })
  .refine(({ subnet, port }) => (subnet === undefined) !== (port === undefined), "needs either subnet or port");
const computed = z.object({ value: z.string() });
type Inputs = z.infer<typeof inputs>;
type SubnetWish = NonNullable<Inputs["subnet"]>;
type PortWish = NonNullable<Inputs["port"]>;

/** Whether a leased value is one that these inputs could have given. */
export function fits(value: string, { subnet, port }: Pick<Inputs, "subnet" | "port">): boolean {
  if (port) return Number(value) >= port.from && Number(value) <= port.to;
  const [held, pool] = [parseSubnet(value), parseSubnet(subnet?.pool ?? "")];
  return held !== undefined && pool !== undefined && held.prefix === subnet?.prefix && contains(pool, held);
}

/** Whether an entry may be given to somebody else: its object never came, or is gone. */
const stale = (entry: Entry): boolean => Date.now() - Date.parse(entry.at) > FRESH;

const listed = (lines: readonly string[]): string =>
  [...lines.slice(0, MOST), ...(lines.length > MOST ? [`... and ${lines.length - MOST} more`] : [])].map((line) => `\n  ${line}`).join("");

async function leaseSubnet(ledger: Ledger, wish: SubnetWish, engine: Engine): Promise<string> {
  const pool = parseSubnet(wish.pool);
  if (!pool) throw new Problem(`${wish.pool} is not a subnet`);
  const id = await engine.id();
  const taken: { subnet: Subnet; by: string }[] = [];
  const add = (text: string, by: string): void => {
    const subnet = parseSubnet(text);
    if (subnet) taken.push({ subnet, by: `${text} ${by}` });
  };
  for (const network of await engine.networks()) for (const subnet of network.subnets) add(subnet, `network ${network.name}`);
  const onEngine = taken.map(({ subnet }) => subnet);
  for (const [holder, entry] of Object.entries(ledger)) {
    if (entry.kind !== "subnet" || entry.engine !== id) continue;
    const held = parseSubnet(entry.value);
    if (held && stale(entry) && !onEngine.some((other) => overlaps(held, other))) delete ledger[holder];
    else add(entry.value, `leased to ${holder}`);
  }
  // A network of the engine is an interface and a route of this machine as well: it is told once.
  const addOther = (subnet: Subnet, by: string): void => {
    if (!onEngine.some((other) => contains(other, subnet))) add(formatSubnet(subnet), by);
  };
  for (const [name, addresses] of Object.entries(os.networkInterfaces())) {
    for (const { cidr: text } of addresses ?? []) {
      const subnet = parseSubnet(text ?? "");
      if (subnet) addOther(subnet, `interface ${name} of this machine`);
    }
  }
  for (const subnet of routesOf(await readFile("/proc/net/route", "utf8").catch(() => ""))) addOther(subnet, "route of this machine");
  const free = firstFree(
    pool,
    wish.prefix,
    taken.map(({ subnet }) => subnet),
  );
  if (free) return formatSubnet(free);
  const holders = taken.filter(({ subnet }) => overlaps(subnet, pool)).map(({ by }) => by);
  throw new Problem(
    `The pool ${wish.pool} has no free /${wish.prefix} left. Destroy an environment, or set a larger pool. It is held by:${listed([...new Set(holders)])}`,
  );
}

async function leasePort(ledger: Ledger, wish: PortWish, engine: Engine): Promise<string> {
  const conflicts: string[] = [];
  // An entry of the ledger may belong to a service that is only stopped: such a port is given away last, and only once it is old.
  const spare: { port: number; holder: string }[] = [];
  for (let port = wish.from; port <= wish.to; port++) {
    const [holder, entry] = Object.entries(ledger).find(([, held]) => held.kind === "port" && held.value === String(port)) ?? [];
    const user = await userOf(wish.address, port, engine);
    if (user !== undefined) conflicts.push(`${port} by ${user}`);
    else if (holder === undefined || entry === undefined) return String(port);
    else if (stale(entry)) spare.push({ port, holder });
    else conflicts.push(`${port} by ${holder}, which leased it`);
  }
  const [oldest] = spare;
  if (oldest) {
    delete ledger[oldest.holder];
    return String(oldest.port);
  }
  const range =
    wish.from === wish.to
      ? `Port ${wish.from} on ${wish.address} is taken`
      : `No port from ${wish.from} to ${wish.to} on ${wish.address} is free`;
  throw new Problem(`${range}. Stop what holds it, or choose another. Taken:${listed(conflicts)}`);
}

/** Who uses a port of the host now; undefined where it is free. */
async function userOf(address: string, port: number, engine: Engine): Promise<string | undefined> {
  const container = await engine.publisher(port);
  if (container !== undefined) return `the container ${container}`;
  if (!engine.address.startsWith("unix:")) return undefined; // another machine's port: only its engine knows
  const refusal = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
  // A low port cannot be tried by everybody, but the engine may take it.
  if (refusal === undefined || refusal === "EACCES") return undefined;
  return refusal === "EADDRINUSE" ? await processOn(port) : `nobody, but ${address} cannot be used (${refusal})`;
}

/** The process that listens on a port, as far as this user may see it. */
function processOn(port: number): Promise<string> {
  return new Promise((resolve) => {
    execFile("ss", ["-Hltnp", `sport = :${port}`], { timeout: 2000 }, (error, stdout) => {
      const [, name, pid] = /\(\("([^"]+)",pid=(\d+)/.exec(error ? "" : stdout) ?? [];
      resolve(name === undefined ? "another program" : `the process ${name} (pid ${pid ?? "?"})`);
    });
  });
}

async function lease(news: Inputs, ctx: Context): Promise<string> {
  const engine = await ctx.engine();
  const id = await engine.id();
  return withLedger(async (ledger) => {
    ctx.signal.throwIfAborted();
    const kind = news.port ? "port" : "subnet";
    const own = ledger[news.holder];
    // The same holder again: a run that was cut off, or a state that was lost.
    const again = own !== undefined && own.kind === kind && own.engine === id && fits(own.value, news);
    if (again && kind === "subnet") await refuseSecond(news.holder, own, engine);
    if (again && adopting(news.holder, ctx)) own.at = new Date().toISOString();
    // Taken over, it is another one than before: so the state that has the old one can tell (see `diff`).
    const value =
      again && (kind === "port" || !adopting(news.holder, ctx))
        ? own.value
        : news.port
          ? await leasePort(ledger, news.port, engine)
          : await leaseSubnet(ledger, news.subnet ?? { pool: "", prefix: 0 }, engine);
    ledger[news.holder] = { value, kind, engine: id, at: new Date().toISOString(), folder: process.cwd() };
    return value;
  });
}

const environmentOf = (holder: string): string => holder.split("/").slice(0, 2).join("/");

const adopting = (holder: string, ctx: Context): boolean => ctx.adopt === environmentOf(holder);

/** The folder to which `dockstage up --adopt` moved a subnet's holder since this state got it. */
async function movedTo({ holder, subnet, value }: Inputs & { readonly value: string }, ctx: Context): Promise<string | undefined> {
  const own = subnet && (await readLedger())[holder];
  if (!own || own.kind !== "subnet" || own.value === value || own.folder === undefined || own.folder === process.cwd()) return undefined;
  return own.engine === (await (await ctx.engine()).id()) ? own.folder : undefined;
}

/**
 * The same project and stack from another folder or state: with the same names, it would write into the other one's data volumes and
 * take them along when it is destroyed.
 */
async function refuseSecond(holder: string, { value, folder }: Entry, engine: Engine): Promise<void> {
  const network = (await engine.networks()).find(({ subnets }) => subnets.includes(value));
  if (!network) return;
  const [project = "", stack = ""] = holder.split("/");
  throw new Problem(
    `${project} ${stack} is up already${folder === undefined ? "" : ` from ${folder}`}, with another state than this one (its network ${network.name} is on the engine).\n` +
      `Go on there; or destroy it there first; or give this one another stack or another name. Where that state is lost, or this one is to take ` +
      `its place with its data: dockstage up ${stack} --adopt`,
  );
}

export const resource: Resource<Inputs, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["value"],

  /** A changed pool or range replaces only where the value is no longer in it. */
  async diff(_id, oldInputs, state, news, ctx) {
    const folder = await movedTo(state, ctx);
    const [project = "", stack = ""] = state.holder.split("/");
    if (folder !== undefined && adopting(state.holder, ctx)) return { replaces: ["subnet"] };
    if (folder !== undefined)
      throw new Problem(
        `${project} ${stack} was taken over from ${folder}, with its data. Go on there, or take it back: dockstage up ${stack} --adopt. ` +
          `Where this state is not needed any more: pulumi stack rm ${stack} --force --preserve-config (a destroy would take the data along)`,
      );
    const wish = { subnet: known<SubnetWish>(news.subnet), port: known<PortWish>(news.port) };
    if (!fits(state.value, wish)) return { replaces: [news.port === undefined ? "subnet" : "port"] };
    return news.holder === oldInputs.holder ? {} : { updates: ["holder"] };
  },
  async create(news, ctx) {
    const value = await lease(news, ctx);
    return { id: value, computed: { value } };
  },
  read: (_id, state) => Promise.resolve({ value: state.value }),
  async update(_id, state, news) {
    await withLedger((ledger) => {
      const own = ledger[state.holder];
      if (own?.value === state.value) {
        delete ledger[state.holder];
        ledger[news.holder] = own;
      }
      return Promise.resolve();
    });
    return { value: state.value };
  },
  /** Only its own entry: a replacement has written another value under the same holder before. */
  async delete(_id, state) {
    await withLedger((ledger) => {
      if (ledger[state.holder]?.value === state.value) delete ledger[state.holder];
      return Promise.resolve();
    });
  },
};
