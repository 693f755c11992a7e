import { z } from "zod";
import { changed, known, Problem, UNKNOWN } from "./resource";
import type { Context, Resource } from "./resource";

const inputs = z.object({ network: z.string().min(1), absent: z.string().min(1) });
const computed = z.object({ networkId: z.string() });

async function idOf(network: string, ctx: Context): Promise<string | undefined> {
  return (await (await ctx.engine()).networks()).find((there) => there.name === network)?.id;
}

/** The network's ID, or the sentence that the program gave for its absence. */
async function found(network: string, absent: string, ctx: Context): Promise<string> {
  const networkId = await idOf(network, ctx);
  if (networkId === undefined) throw new Problem(absent);
  return networkId;
}

export const resource: Resource<z.infer<typeof inputs>, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["networkId"],

  /** A network that was made anew has another ID, which its users must get. */
  async diff(_id, oldInputs, state, news, ctx) {
    const replaces = changed(oldInputs, news, ["network"]);
    if (replaces.length > 0) return { replaces };
    const networkId = await idOf(oldInputs.network, ctx);
    return networkId === state.networkId ? {} : { updates: ["networkId"] };
  },
  /** The host program may come up between preview and update: an absent network is an error only in the update. */
  async preview(news, _state, ctx) {
    const network = known<string>(news.network);
    return { networkId: (network === undefined ? undefined : await idOf(network, ctx)) ?? UNKNOWN };
  },
  async create(news, ctx) {
    return { id: news.network, computed: { networkId: await found(news.network, news.absent, ctx) } };
  },
  // Its absence is no reason to drop it from the state: diff sees it and the update says so.
  read: (_id, state) => Promise.resolve({ networkId: state.networkId }),
  update: async (_id, _state, news, ctx) => ({ networkId: await found(news.network, news.absent, ctx) }),
  delete: () => Promise.resolve(),
};
