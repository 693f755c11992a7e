import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { ContainerState, Engine } from "./engine";
import { endOf, indentedLog, stateOf } from "./report";
import { changed, known, Problem, UNKNOWN } from "./resource";
import type { Context, Resource } from "./resource";
import { within } from "./within";

/** Least time between the starts of two probes of one container, in milliseconds. */
const PAUSE = 200;
/** How long one probe may take, in seconds. */
const PROBE = 5;
/** How long a program without a probe must run without ending or being restarted, in milliseconds. */
const SETTLED = 1000;
/** Lines of the log that an error shows. */
const LINES = 20;

/**
 * Asks for a URL, every tenth of a second for two seconds at most: a command in a container takes ten times what the request takes. The
 * last line that it prints is the status, 000 where nothing answered; the exit code is curl's, as an answer may break off after its status.
 * One stream for all, as the order of two is lost on the way.
 */
const GET = `end=$(($(date +%s) + 2))
while :; do
  answer=$(curl -sS --stderr - -m ${PROBE} -w '\\n%{http_code}' "$1")
  code=$?
  case $code:\${answer##*[!0-9]} in 0:[23]??) break ;; esac
  [ "$(date +%s)" -lt "$end" ] || break
  sleep 0.1
done
printf '%s\\n' "$answer"
exit $code`;

const inputs = z
  .object({
    service: z.string().min(1),
    containers: z.array(z.string().min(1)).min(1),
    command: z.array(z.string()).min(1).optional(),
    http: z
      .object({ port: z.number().int().min(1).max(65535), path: z.string().startsWith("/", "must begin with /"), from: z.string().min(1) })
      .optional(),
    timeoutSeconds: z.number().positive(),
  })
  .refine(({ command, http }) => command === undefined || http === undefined, "takes command or http, not both");
const computed = z.object({ ready: z.array(z.string()) });
type Inputs = z.infer<typeof inputs>;

/** Why a container is not ready: what was asked and what came. */
class NotReady extends Error {
  constructor(
    readonly container: string,
    readonly name_: string,
    readonly headline: string,
    readonly probe: string,
    readonly answer: string,
  ) {
    super(headline);
  }
}

interface Probe {
  readonly text: string;
  /** When it can be healthy for the first time, in milliseconds since 1970. @default at any time */
  readonly earliest?: number;
  /** Undefined once it is healthy, else what it answered. */
  ask(signal: AbortSignal): Promise<string | undefined>;
}

function probeOf({ command, http }: Inputs, { id, name, startedAt }: ContainerState, engine: Engine): Probe {
  if (command) return { text: command.join(" "), ask: (signal) => inside(engine, id, command, signal) };
  if (!http) {
    const since = Date.parse(startedAt);
    const until = (since < Date.now() ? since : Date.now()) + SETTLED;
    return {
      text: `it keeps running for ${SETTLED / 1000} s`,
      earliest: until,
      ask: () => Promise.resolve(Date.now() >= until ? undefined : "it runs so far"),
    };
  }
  const url = `http://${name}:${http.port}${http.path}`;
  return {
    text: `GET ${url}`,
    async ask(signal) {
      const { code, output } = await engine.exec(http.from, ["sh", "-c", GET, "get", url], { signal, timeoutSeconds: PROBE * 2 });
      const lines = output.trimEnd().split("\n");
      const answered = Number(lines.at(-1));
      if (code === 0 && answered >= 200 && answered < 400) return undefined;
      const body = lines.slice(0, -1).join(" ").trim();
      // curl's own words are enough where nothing answered (its code is 000 then).
      return answered > 0
        ? `${answered}${body === "" ? "" : ` ${body.slice(0, 200)}`}`
        : (body || output.trim()).replace(/ after \d+ ms/, "").slice(0, 200);
    },
  };
}

async function inside(engine: Engine, id: string, command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const { code, output } = await engine.exec(id, command, { signal, timeoutSeconds: PROBE * 2 });
  return code === 0 ? undefined : `exit code ${code}${output.trim() === "" ? "" : `: ${output.trim().slice(-200)}`}`;
}

function endingOf(now: ContainerState | undefined): string {
  if (!now) return "its container is gone";
  if (now.status === "created") return "it was never started";
  // The engine forgets the exit code as soon as the program runs again.
  return now.status === "running" ? "the engine has started it again" : endOf(now);
}

/** Returns once the container is healthy. Throws NotReady, or what the signal was aborted with. */
async function waitFor(news: Inputs, id: string, engine: Engine, deadline: number, ctx: Context): Promise<void> {
  const first = await engine.container(id);
  if (!first)
    throw new NotReady(id, id.slice(0, 12), `${news.service} is not ready: its container ${id.slice(0, 12)} is gone`, "none", "none");
  const probe = probeOf(news, first, engine);
  let answer = "none";
  let said = "";
  for (;;) {
    ctx.signal.throwIfAborted();
    const began = Date.now();
    const left = deadline - began;
    if (left <= 0)
      throw new NotReady(id, first.name, `${news.service} did not become healthy within ${news.timeoutSeconds} s`, probe.text, answer);
    const now = await engine.container(id);
    if (now?.status !== "running" || now.restarts > first.restarts) {
      throw new NotReady(id, first.name, `${news.service} ended before it became healthy: ${endingOf(now)}`, probe.text, answer);
    }
    const last = answer;
    const reply = await within(left, ctx.signal, (limit) =>
      // A refused probe (the container is just ending) is an answer like another; the loop is bounded by the deadline.
      probe.ask(limit).catch((error: unknown) => (limit.aborted ? last : error instanceof Error ? error.message : String(error))),
    );
    if (reply === undefined) return;
    answer = reply;
    // Where nobody can overwrite a line, each log is one: only what is new is worth it.
    if (said !== answer) ctx.log(`waiting for ${news.service}: ${answer}`, "info", { ephemeral: true });
    said = answer;
    const next = Math.min(began + PAUSE, probe.earliest ?? Infinity);
    await sleep(Math.max(0, next - Date.now()), undefined, { signal: ctx.signal }).catch(() => undefined);
  }
}

/** Waits for all at once. `keep` are containers that served before, which no failure removes. */
async function ready(news: Inputs, keep: readonly string[], ctx: Context): Promise<{ ready: string[] }> {
  const engine = await ctx.engine();
  const deadline = Date.now() + news.timeoutSeconds * 1000;
  const first = new AbortController(); // the first one that fails ends the wait for the others
  const each = { ...ctx, signal: AbortSignal.any([ctx.signal, first.signal]) };
  try {
    await Promise.all(news.containers.map((id) => waitFor(news, id, engine, deadline, each)));
  } catch (error) {
    first.abort();
    if (!(error instanceof NotReady)) throw error;
    const state = await engine.container(error.container);
    const log = await engine.lastLines(error.container, LINES);
    const fresh = news.containers.filter((id) => !keep.includes(id));
    for (const id of fresh) await engine.removeContainer(id);
    throw new Problem(
      [
        error.headline,
        `  probe: ${error.probe}`,
        `  last answer: ${error.answer}`,
        `  state: ${state ? stateOf(state) : "gone"}`,
        ...indentedLog(`last log lines of ${error.name_}`, log),
        fresh.length > 1
          ? "The new containers were removed; the old ones, if any, keep serving."
          : fresh.length === 1
            ? "The new container was removed; the old one, if any, keeps serving."
            : "No container is new, so none was removed.",
      ].join("\n"),
    );
  }
  return { ready: [...news.containers] };
}

export const resource: Resource<Inputs, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["ready"],
  diff: (_id, oldInputs, _state, news) => Promise.resolve({ updates: changed(oldInputs, news, ["containers", "command", "http"]) }),
  preview: (news) => Promise.resolve({ ready: known<string[]>(news.containers) ?? UNKNOWN }),
  create: async (news, ctx) => ({ id: news.service, computed: await ready(news, [], ctx) }),
  // That a container is gone is for Generation to see.
  read: (_id, state) => Promise.resolve({ ready: state.ready }),
  update: (_id, state, news, ctx) => ready(news, state.ready, ctx),
  delete: () => Promise.resolve(),
};
