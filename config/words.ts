import { z } from "zod";
import { shown } from "./problems";

/**
 * Schemas that say what is wrong in words of our own, and what to write instead. zod carries one string for each issue, so
 * both halves travel in it as JSON; config/check.ts takes them apart again.
 */

export interface Words {
  readonly message: string;
  readonly fix: string;
  /** Of a map: the keys that it may have. */
  readonly known?: readonly string[];
  /** The fix is to put the value found into quotes. */
  readonly quote?: boolean;
}

export const pack = (words: Words): string => JSON.stringify(words);

/** What zod calls an error map, reduced to what we use. `quote`: a bare number or truth value gets a hint of its own. */
export const says = (message: string, fix: string, quote = false) => ({
  error: (issue: { readonly input?: unknown }): string => {
    if (issue.input === undefined) return pack({ message: "is missing", fix });
    if (quote && typeof issue.input === "number")
      return pack({ message: "a number must be written as text here (YAML would shorten 8.10 to 8.1)", fix: "put it in quotes", quote });
    if (quote && typeof issue.input === "boolean")
      return pack({ message: "true and false must be written as text here", fix: "put it in quotes", quote });
    return pack({ message, fix });
  },
});

/** Text of a given form. `message` says what it must be, `fix` gives an example. */
export const text = (pattern: RegExp, message: string, fix: string) =>
  z.string(says(message, fix, true)).regex(pattern, says(message, fix));

/** Any text without line breaks. */
export const line = (fix: string) => text(/^[^\r\n\0]*$/, "must be text in one line", fix);

/** One of some words. */
export const oneOf = <const T extends readonly [string, ...string[]]>(
  words: T,
  message: string,
  fix = `write one of ${words.join(", ")}`,
) => z.enum(words, says(message, fix));

/** A map with these keys and no others. */
export const section = <T extends z.core.$ZodLooseShape>(shape: T, fix: string) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? pack({ message: "there is no such key", fix: "", known: Object.keys(shape) })
        : says("must be a map", fix).error(issue),
  });

/** A map whose keys the writer chooses, within a pattern. */
export const named = <T extends z.ZodType>(pattern: RegExp, keys: Omit<Words, "known">, value: T, fix: string) =>
  z.record(z.string().regex(pattern, { error: () => pack(keys) }), value, says("must be a map", fix));

/** A list with at least one entry, none twice. */
export const list = <T extends z.ZodType>(entry: T, fix: string, least: 0 | 1 = 1) =>
  z
    .array(entry, says("must be a list", fix))
    .min(least, says("the list is empty", fix))
    .refine(
      (entries) => new Set(entries.map((one) => JSON.stringify(one))).size === entries.length,
      says("an entry stands in the list twice", "remove one of the two"),
    );

/** One of several forms; told apart by the type of what was written. */
export const either = <const T extends readonly [z.ZodType, ...z.ZodType[]]>(forms: T, message: string, fix: string) =>
  z.union(forms, says(message, fix));

/** A whole number in a range. */
export const whole = (from: number, to: number, what: string) => {
  const words = says(`must be a whole number from ${from} to ${to}`, `write ${what}`);
  return z.number(words).int(words).min(from, words).max(to, words);
};

const UNITS: Readonly<Record<string, number>> = { M: 1, MiB: 1, G: 1024, GiB: 1024 };

/** Memory in the field's units, to MiB. */
export const memory = (least = 16) => {
  const words = says(`must be a size of at least ${least}MiB with a unit (MiB or GiB)`, 'write for example "256MiB" or "1GiB"');
  const pattern = /^([1-9]\d{0,5})(MiB|GiB|M|G)$/;
  return z
    .string(words)
    .regex(pattern, words)
    .transform((written, context) => {
      const [, amount = "", unit = ""] = pattern.exec(written) ?? [];
      const mebibytes = Number(amount) * (UNITS[unit] ?? 1);
      if (mebibytes < least) context.addIssue({ code: "custom", message: words.error({ input: written }) });
      return mebibytes;
    });
};

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** A duration, to seconds. */
export const duration = (from: number, to: number) => {
  const words = says(`must be a duration from ${from}s to ${to}s with a unit (s, m or h)`, 'write for example "60s" or "2m"');
  const pattern = /^(\d{1,6})(s|m|h)$/;
  return z
    .string(words)
    .regex(pattern, words)
    .transform((written, context) => {
      const [, amount = "", unit = ""] = pattern.exec(written) ?? [];
      const seconds = Number(amount) * (SECONDS[unit] ?? 1);
      if (seconds < from || seconds > to) context.addIssue({ code: "custom", message: words.error({ input: written }) });
      return seconds;
    });
};

/** Cores. `pulumi config set --path` writes a fraction as text, so that text is taken too. */
export const cpus = () => {
  const words = says("must be a number of cores from 0.05 to 256", "write for example 0.5");
  const form = z.union([z.number(), z.string().regex(/^\d{1,3}(\.\d{1,3})?$/, words)], words);
  return form.transform((written, context) => {
    const cores = Number(written);
    if (!(cores >= 0.05 && cores <= 256)) context.addIssue({ code: "custom", message: words.error({ input: written }) });
    return cores;
  });
};

/** A path relative to a folder, `/` between its parts; never leads out of it. */
export const inside = (message: string, fix: string) => text(/^(?!\/)(?!(.*\/)?\.\.(\/|$))[A-Za-z0-9._/@+ -]+$/, message, fix);

/** `"a", "b"`. */
export const quoted = (words: readonly string[]): string => words.map((word) => shown(word)).join(", ");

export const imageReference = text(
  /^[a-z0-9]+([._:/-]+[a-zA-Z0-9]+)*(@sha256:[0-9a-f]{64})?$/,
  "must be the reference of an image",
  'write for example "redis:7" or "registry.example/app@sha256:..."',
);
