import { randomInt } from "node:crypto";
import { z } from "zod";
import { changed } from "./resource";
import type { Resource } from "./resource";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const inputs = z.object({ length: z.number().int().min(12, "must be at least 12, so that nobody guesses it").max(1024) });
const computed = z.object({ value: z.string() });

/** `length` letters and digits from a cryptographic source; about 5.95 bits each. */
export const passwordOf = (length: number): string => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

export const resource: Resource<z.infer<typeof inputs>, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["value"],
  secrets: ["value"],
  diff: (_id, oldInputs, _state, news) => Promise.resolve({ replaces: changed(oldInputs, news) }),
  // The id is shown in plain by Pulumi: it says nothing of the value.
  create: (news) => Promise.resolve({ id: "password", computed: { value: passwordOf(news.length) } }),
  delete: () => Promise.resolve(),
};
