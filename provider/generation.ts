import { randomInt } from "node:crypto";
import { z } from "zod";
import { changed, UNKNOWN } from "./resource";
import type { Resource } from "./resource";

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const token = (): string => Array.from({ length: 8 }, () => LETTERS[randomInt(LETTERS.length)]).join("");

const inputs = z.object({ definition: z.string(), replicas: z.number().int().min(0) });
const computed = z.object({ token: z.string() });

export const resource: Resource<z.infer<typeof inputs>, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["token"],

  /**
   * The engine is asked, not the state: containers that Ready removed, or a person, are in the state still until a refresh,
   * and new ones under a new token are what repairs that. Stopped ones count as there.
   */
  async diff(_id, oldInputs, state, news, ctx) {
    const updates = changed(oldInputs, news);
    if (updates.length > 0) return { updates };
    const there = await (await ctx.engine()).containers([`dockstage.generation=${state.token}`]);
    if (there.length >= oldInputs.replicas) return {};
    ctx.log(
      `${oldInputs.replicas - there.length} of ${oldInputs.replicas} containers are no longer on the engine: new ones will be made`,
      "info",
    );
    return { updates: ["token"] };
  },
  preview: () => Promise.resolve({ token: UNKNOWN }),
  create: () => Promise.resolve({ id: "generation", computed: { token: token() } }),
  update: () => Promise.resolve({ token: token() }),
  // A refresh must show no change; that containers are gone is for diff to see.
  read: (_id, state) => Promise.resolve({ token: state.token }),
  /** Its containers are deleted before. What is left was made by a run that was cut off, is in no state, and would hold its networks. */
  async delete(_id, state, ctx) {
    const engine = await ctx.engine();
    for (const { id, name } of await engine.containers([`dockstage.generation=${state.token}`])) {
      ctx.log(`${name} is left of a run that was cut off: it is removed`, "info");
      await engine.removeContainer(id);
    }
  },
};
