import { z } from "zod";
import { changed } from "./resource";
import type { Context, Resource } from "./resource";

/**
 * An environment's entry on the page of the host demux: `environments` in the demux's image keeps it and makes the page. A page is no
 * reason to fail: where the host demux is not there, or cannot do it, the entry is left out with a warning, and made once it can be.
 */

const NAME = /^[a-z0-9-]+$/;
const web = z.url({ protocol: /^https?$/ });
const inputs = z.object({
  project: z.string().regex(NAME),
  stack: z.string().regex(NAME),
  stage: z.string().min(1),
  urls: z.array(web),
  mailbox: web.optional(),
});
const computed = z.object({
  since: z.string().describe("When it was made, ISO 8601."),
  content: z.string().describe('The entry as the demux has it; "" where it has none.'),
});
type Inputs = z.infer<typeof inputs>;
type Computed = z.infer<typeof computed>;

const HOST_DEMUX = ["dockstage.project=dockstage-host", "dockstage.component=demux"];
/** Exit code of `environments show` for an entry that is not there. */
const ABSENT = 3;
/** Exit code of the line below where the demux is of a release without the page. */
const UNABLE = 4;
const CALL = `command -v environments >/dev/null || exit ${UNABLE}; exec environments "$@"`;
/** Time for one call, in seconds: it waits for a lock for 20 at most. */
const PATIENCE = 40;

/** One line each: what a folder's name has in control characters would end it. */
const line = (key: string, value: string): string => `${key} ${value.replace(/\p{Cc}/gu, "\uFFFD")}\n`;

/** The entry, as the demux keeps it. */
export const entryOf = ({ stage, urls, mailbox }: Inputs, folder: string, since: string): string =>
  [
    line("stage", stage),
    line("folder", folder),
    ...urls.map((url) => line("url", url)),
    ...(mailbox === undefined ? [] : [line("mailbox", mailbox)]),
    line("since", since),
  ].join("");

/** Runs `environments` in the host demux; undefined where none runs, or it is of a release without the page. */
async function inDemux(
  verb: "put" | "show" | "drop",
  { project, stack }: Pick<Inputs, "project" | "stack">,
  ctx: Context,
  entry?: string,
): Promise<{ readonly code: number; readonly output: string } | undefined> {
  const engine = await ctx.engine();
  const demux = (await engine.containers(HOST_DEMUX)).find(({ state }) => state === "running");
  if (!demux) return undefined;
  const words = [verb, project, stack, ...(entry === undefined ? [] : [Buffer.from(entry).toString("base64")])];
  const answer = await engine.exec(demux.id, ["sh", "-c", CALL, "sh", ...words], { signal: ctx.signal, timeoutSeconds: PATIENCE });
  return answer.code === UNABLE ? undefined : answer;
}

/** What the call returns; undefined and a warning where it fails. */
async function orWarn<T>(what: string, ctx: Context, call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    ctx.signal.throwIfAborted();
    ctx.log(`${what}: ${error instanceof Error ? error.message : String(error)}`, "warning");
    return undefined;
  }
}

async function announced(news: Inputs, since: string, ctx: Context): Promise<Computed> {
  const what = `${news.project} ${news.stack} is up, but not on the page of the host demux`;
  // The folder is where the program runs, as in the ledger of leases: another clone of it must not look like a change.
  const content = entryOf(news, process.cwd(), since);
  const done = await orWarn(what, ctx, async () => {
    const answer = await inDemux("put", news, ctx, content);
    if (!answer) throw new Error('that one does not run, or is of an older release: run "npx dockstage up host"');
    if (answer.code !== 0) throw new Error(answer.output.trim());
    return true;
  });
  return { since, content: done ? content : "" };
}

export const resource: Resource<Inputs, Computed> = {
  inputs,
  computed,
  outputs: ["since", "content"],

  async diff(_id, oldInputs, state, news, ctx) {
    const replaces = changed(oldInputs, news, ["project", "stack"]);
    const updates = changed(oldInputs, news, ["stage", "urls", "mailbox"]);
    if (replaces.length > 0 || updates.length > 0) return { replaces, updates };
    if (state.content === "") return (await inDemux("show", state, ctx).catch(() => undefined)) ? { updates: ["content"] } : {};
    // Another folder or time is as good as any other; what a person reads and clicks on is not.
    const fixed = (text: string): string => text.replace(/^folder .*\n/m, "");
    return fixed(state.content) === fixed(entryOf(oldInputs, "", state.since)) ? {} : { updates: ["content"] };
  },
  async create(news, ctx) {
    return { id: `${news.project}/${news.stack}`, computed: await announced(news, new Date().toISOString(), ctx) };
  },
  update: (_id, { since }, news, ctx) => announced(news, since, ctx),
  async read(_id, state, ctx) {
    const { since, content } = state;
    const answer = await orWarn("the page of the host demux could not be read", ctx, () => inDemux("show", state, ctx));
    if (!answer || (answer.code !== 0 && answer.code !== ABSENT)) return { since, content };
    return { since, content: answer.code === ABSENT ? "" : answer.output };
  },
  async delete(_id, state, ctx) {
    const what = `${state.project} ${state.stack} could not be taken from the page of the host demux`;
    await orWarn(what, ctx, async () => {
      // An environment that was moved to another folder has an entry of its own there.
      const there = await inDemux("show", state, ctx);
      if (there?.code !== 0 || !there.output.includes(line("since", state.since))) return;
      const answer = await inDemux("drop", state, ctx);
      if (answer && answer.code !== 0) throw new Error(answer.output.trim());
    });
  },
};
