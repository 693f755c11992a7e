import { randomBytes } from "node:crypto";
import { z } from "zod";
import { known, Problem, UNKNOWN } from "./resource";
import type { Context, Resource } from "./resource";

/**
 * Which data a volume holds: a token that the volume itself carries as a label. A volume keeps its name when somebody removes it by
 * hand and it is made anew, empty; jobs that have the token as a trigger (migrations, seed, owner) then run again.
 *
 * The state of the stamp is also what knows the volume: one that is on the engine while there is no such state belongs to a state that was
 * lost, or to another one, and is taken only by a run that says so.
 */

const LABEL = "dockstage.stamp";
/** The token of a volume that was there before and carries none. */
const UNMARKED = "none";

const inputs = z.object({
  volume: z.string().min(1),
  labels: z.record(z.string(), z.string()),
  /** No database, and no files of the app's: it is taken as it is. */
  disposable: z.boolean().optional(),
  /** What a person must know who takes it over. */
  adopting: z.string().optional(),
});
const computed = z.object({ token: z.string(), adopted: z.boolean().optional() });
type Inputs = z.infer<typeof inputs>;
type Computed = z.infer<typeof computed>;

/** The token that the volume carries; undefined where there is no such volume. */
async function carried(volume: string, ctx: Context): Promise<string | undefined> {
  const labels = await (await ctx.engine()).volumeLabels(volume);
  return labels && (labels[LABEL] ?? UNMARKED);
}

const fresh = (): string => randomBytes(4).toString("hex");

/** What taking a volume over comes to; a Problem where this run may not, or where somebody is using it. */
async function takeOver({ volume, labels, disposable = false }: Omit<Inputs, "adopting">, token: string, ctx: Context): Promise<Computed> {
  if (disposable) return { token, adopted: false };
  const [project = "", stack = ""] = [labels["dockstage.project"], labels["dockstage.stack"]];
  const { since, users } = await (await ctx.engine()).volumeUse(volume);
  if (ctx.adopt !== `${project}/${stack}`)
    throw new Problem(
      `The volume ${volume} is on the engine since ${since}, and this state does not know it: its data is left alone.\n` +
        `To take it over with its data: dockstage up ${stack} --adopt (with plain Pulumi: DOCKSTAGE_ADOPT=${project}/${stack} pulumi up). ` +
        `Where nobody needs the data: docker volume rm ${volume}`,
    );
  if (users.length > 0)
    throw new Problem(
      `The volume ${volume} cannot be taken over: ${users.join(", ")} of its earlier state still ${users.length === 1 ? "mounts" : "mount"} it. ` +
        `dockstage up ${stack} --adopt stops and removes them first; by hand: docker stop ${users.join(" ")} && docker rm ${users.join(" ")}`,
    );
  return { token, adopted: true };
}

export const resource: Resource<Inputs, Computed> = {
  inputs,
  computed,
  outputs: ["token", "adopted"],

  async diff(_id, oldInputs, state, news, ctx) {
    const volume = known<string>(news.volume);
    if (volume !== oldInputs.volume) return { replaces: ["volume"] };
    return (await carried(volume, ctx)) === state.token ? {} : { updates: ["token"] };
  },
  /** A volume that may not be taken is refused here already, before anything is made. */
  async preview(news, state, ctx) {
    const wish = known<Inputs>(news);
    const there = wish && (await carried(wish.volume, ctx));
    if (wish === undefined || there === undefined) return { token: UNKNOWN, adopted: UNKNOWN };
    return state ? { token: there, adopted: state.adopted } : takeOver(wish, there, ctx);
  },
  /** The volume itself comes next, and gets the token as its label. */
  async create(news, ctx) {
    const there = await carried(news.volume, ctx);
    if (there === undefined) return { id: news.volume, computed: { token: fresh(), adopted: false } };
    const taken = await takeOver(news, there, ctx);
    if (taken.adopted) ctx.log(`the volume ${news.volume} is taken over with its data`, "info");
    if (taken.adopted && news.adopting !== undefined) ctx.log(news.adopting, "warning");
    return { id: news.volume, computed: taken };
  },
  /** The volume is made here: the state has it still, until a refresh, and the engine would make one without labels. */
  async update(_id, state, news, ctx) {
    const there = await carried(news.volume, ctx);
    if (there !== undefined) return { token: there, adopted: state.adopted };
    const token = fresh();
    await (await ctx.engine()).createVolume(news.volume, { ...news.labels, [LABEL]: token });
    // No warning: a run that was cut off may never have made it. One that was lost `dockstage up` has named before.
    ctx.log(`the volume ${news.volume} is not on the engine: an empty one was made`, "info");
    return { token, adopted: false };
  },
  // A refresh must show no change; that the volume is another one is for diff to see.
  read: (_id, { token, adopted }) => Promise.resolve({ token, adopted }),
  /** By the volume's physical name. Whoever imports it takes its data over. */
  async import(volume, ctx) {
    const labels = await (await ctx.engine()).volumeLabels(volume);
    if (!labels) return undefined;
    const { [LABEL]: token = UNMARKED, ...identity } = labels;
    return { inputs: { volume, labels: identity }, computed: { token, adopted: true } };
  },
  delete: () => Promise.resolve(),
};
