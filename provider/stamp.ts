import { randomBytes } from "node:crypto";
import { z } from "zod";
import { known, UNKNOWN } from "./resource";
import type { Context, Resource } from "./resource";

/**
 * Which data a volume holds: a token that the volume itself carries as a label. A volume keeps its name when somebody removes it by
 * hand and it is made anew, empty; jobs that have the token as a trigger (migrations, seed, owner) then run again.
 */

const LABEL = "dockstage.stamp";
/** The token of a volume that was there before and carries none. */
const UNMARKED = "none";

const inputs = z.object({ volume: z.string().min(1), labels: z.record(z.string(), z.string()) });
const computed = z.object({ token: z.string() });

/** The token that the volume carries; undefined where there is no such volume. */
async function carried(volume: string, ctx: Context): Promise<string | undefined> {
  const labels = await (await ctx.engine()).volumeLabels(volume);
  return labels && (labels[LABEL] ?? UNMARKED);
}

const fresh = (): string => randomBytes(4).toString("hex");

export const resource: Resource<z.infer<typeof inputs>, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["token"],

  async diff(_id, oldInputs, state, news, ctx) {
    const volume = known<string>(news.volume);
    if (volume !== oldInputs.volume) return { replaces: ["volume"] };
    return (await carried(volume, ctx)) === state.token ? {} : { updates: ["token"] };
  },
  async preview(news, _state, ctx) {
    const volume = known<string>(news.volume);
    return { token: (volume === undefined ? undefined : await carried(volume, ctx)) ?? UNKNOWN };
  },
  /** The volume itself comes next, and gets the token as its label. */
  async create(news, ctx) {
    return { id: news.volume, computed: { token: (await carried(news.volume, ctx)) ?? fresh() } };
  },
  /** The volume is made here: the state has it still, until a refresh, and the engine would make one without labels. */
  async update(_id, _state, news, ctx) {
    const there = await carried(news.volume, ctx);
    if (there !== undefined) return { token: there };
    const token = fresh();
    await (await ctx.engine()).createVolume(news.volume, { ...news.labels, [LABEL]: token });
    ctx.log(`the volume ${news.volume} is no longer on the engine: an empty one was made`, "warning");
    return { token };
  },
  // A refresh must show no change; that the volume is another one is for diff to see.
  read: (_id, state) => Promise.resolve({ token: state.token }),
  delete: () => Promise.resolve(),
};
