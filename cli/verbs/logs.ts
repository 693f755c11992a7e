import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { environmentOf, servicesOf } from "../environment";
import type { EngineContainer } from "../objects";
import { WrongUse, type Call } from "../verb";

/** A line of a container's output. */
interface Line {
  /** RFC 3339 in UTC with nine digits of a second: sorts as text. */
  readonly at: string;
  readonly text: string;
}

/** Colours of the prefixes, for a person's terminal. */
const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

const lineOf = (raw: string): Line => {
  const space = raw.indexOf(" ");
  return space < 0 ? { at: raw, text: "" } : { at: raw.slice(0, space), text: raw.slice(space + 1) };
};

/** Several sorted sources as one, in the order of time; reads no more of each than it must. */
export async function* merged<T extends { readonly at: string }>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const heads = sources.map((source) => {
    const iterator = source[Symbol.asyncIterator]();
    return { iterator, next: iterator.next() };
  });
  const open = new Map<(typeof heads)[number], T>();
  for (const head of heads) {
    const first = await head.next;
    if (first.done !== true) open.set(head, first.value);
  }
  while (open.size > 0) {
    const [head, line] = [...open].reduce((first, other) => (other[1].at < first[1].at ? other : first));
    yield line;
    const next = await head.iterator.next();
    if (next.done === true) open.delete(head);
    else open.set(head, next.value);
  }
}

/** `10m`, `2h30m`, `90s`, a date, or a date with time, as the engine takes them. */
const SINCE = /^(\d+(\.\d+)?(ms|s|m|h))+$|^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$|^\d+$/;

/** What stands before each line of a container: nothing where it is the only one. */
function prefixes(containers: readonly EngineContainer[], colour: boolean): ReadonlyMap<string, string> {
  if (containers.length === 1) return new Map();
  const label = ({ component, name }: EngineContainer): string =>
    containers.filter((other) => other.component === component).length > 1 ? `${component}/${name.slice(-7)}` : component;
  const labels = containers.map(label);
  const width = Math.max(...labels.map((text) => text.length));
  return new Map(
    containers.map(({ id }, index) => {
      const text = `${(labels[index] ?? "").padEnd(width)} | `;
      return [id, colour ? `\x1b[${COLOURS[index % COLOURS.length]}m${text}\x1b[0m` : text];
    }),
  );
}

/** `dockstage logs [component]`: what an environment's containers wrote, in the order of time. */
export async function run({ arguments: [name], flag, value, ...call }: Call): Promise<number> {
  const since = value("since");
  if (since !== undefined && !SINCE.test(since)) throw new WrongUse(`--since takes a time as 10m, 2h or 2026-01-31, not "${since}"`);
  const target = environmentOf(call, value("stack"));
  const containers = await servicesOf(target, name);
  const before = prefixes(containers, Boolean(process.stdout.isTTY) && !call.env["NO_COLOR"]);
  const follow = flag("follow");
  const children = containers.map(({ id }) => ({
    id,
    child: spawn(
      "docker",
      ["logs", "--timestamps", ...(follow ? ["--follow"] : []), ...(since === undefined ? [] : ["--since", since]), id],
      {
        env: target.env,
        stdio: ["ignore", "pipe", "pipe"],
      },
    ),
  }));
  const ended = children.map(
    ({ child }) => new Promise<number>((resolve) => child.on("error", () => resolve(1)).on("close", (code) => resolve(code ?? 0))),
  );
  // A reader that has seen enough (head, less) is no failure.
  process.stdout.on("error", () => children.forEach(({ child }) => child.kill()));
  const print = (id: string, text: string): boolean => process.stdout.write(`${before.get(id) ?? ""}${text}\n`);
  const sources = children.flatMap(({ id, child }) =>
    [child.stdout, child.stderr].map((input) => ({ id, lines: createInterface({ input }) })),
  );
  if (follow) for (const { id, lines } of sources) lines.on("line", (raw) => void print(id, lineOf(raw).text));
  else
    for await (const { id, text } of merged(sources.map(({ id, lines }) => each(id, lines))))
      if (!print(id, text)) await new Promise((resolve) => process.stdout.once("drain", resolve).once("error", resolve));
  return Math.max(...(await Promise.all(ended))) === 0 ? 0 : 1;
}

async function* each(id: string, lines: AsyncIterable<string>): AsyncGenerator<Line & { readonly id: string }> {
  for await (const raw of lines) yield { id, ...lineOf(raw) };
}
