import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";
import { HIDDEN, keyOf, shown, type Path, type Problem } from "./problems";
import type { Words } from "./words";
import type { YamlFile } from "./yaml";

type Issue = z.core.$ZodIssue;

/** A part of a file: problems found in it carry the file's name, the line, and the whole path of the key. */
export class Checker {
  constructor(
    readonly source: YamlFile,
    readonly problems: Problem[],
    /** Path of the part in its file. */
    readonly base: Path = [],
    /** Path that is left out of messages' keys: for a stack's file, `config`. */
    readonly hidden = 0,
  ) {}

  /**
   * Parses a value by a schema. Every issue becomes a problem. Keys that nobody knows are reported and left out, so that the
   * rest is still looked at.
   *
   * @returns undefined where something else than unknown keys is wrong
   */
  parse<T extends z.ZodType>(schema: T, value: unknown, path: Path = []): z.output<T> | undefined {
    const first = schema.safeParse(value, { reportInput: true });
    if (first.success) return first.data;
    const issues = first.error.issues.flatMap((issue) => chosen(issue));
    // A number may be out of range and not whole at once, in the same words.
    const said = new Set<string>();
    for (const issue of issues) {
      const once = JSON.stringify([issue.path.map(String), issue.message]);
      if (!said.has(once)) this.report(issue, value, path);
      said.add(once);
    }
    if (issues.some((issue) => issue.code !== "unrecognized_keys")) return undefined;
    const rest = schema.safeParse(without(value, issues));
    return rest.success ? rest.data : undefined;
  }

  /** Adds one problem; without a value where there is none to show. */
  add(path: Path, message: string, fix: string, value: unknown = NONE): void {
    const full = [...this.base, ...path];
    const at = { file: this.source.file, line: this.source.line(full), key: keyOf(full.slice(this.hidden)) };
    this.problems.push({
      ...at,
      ...(value !== NONE && { found: value instanceof Literal ? value.text : shown(value, path) }),
      message,
      fix,
    });
  }

  private report(issue: Issue, value: unknown, path: Path): void {
    const steps = issue.path.map((step) => (typeof step === "number" ? step : String(step)));
    const at = [...path, ...steps];
    if (issue.code === "unrecognized_keys") {
      const map = valueAt(value, steps);
      const { message, known = [] } = unpack(issue.message);
      for (const key of issue.keys) this.add([...at, key], message, nearest(key, known), valueAt(map, [key]));
      return;
    }
    const { message, fix, quote } = unpack(issue.code === "invalid_key" ? (issue.issues[0]?.message ?? "") : issue.message);
    const found = valueAt(value, steps);
    const literal = this.source.literal([...this.base, ...at]);
    if (quote && literal !== undefined && shown(found, at) !== HIDDEN)
      return this.add(at, message, `write "${literal}"`, new Literal(literal));
    // A key that is wrong is shown by its path alone: its value has nothing to do with it.
    if (issue.code === "invalid_key" || found === undefined) this.add(at, message, fix);
    else this.add(at, message, fix, found);
  }
}

const NONE = Symbol("no value");

/** A number or truth value as the file spells it. */
class Literal {
  constructor(readonly text: string) {}
}

/** What a person most likely meant, or everything that is possible. */
export function nearest(word: string, known: readonly string[], what = "key"): string {
  const small = word.toLowerCase();
  const near =
    known.length > 0
      ? closest(
          small,
          known.map((one) => one.toLowerCase()),
        )
      : "";
  const original = known.find((one) => one.toLowerCase() === near);
  const letters = (text: string): string => [...text].sort().join("");
  const allowed = letters(small) === letters(near) ? 2 : Math.max(1, Math.floor(Math.min(small.length, near.length) / 3));
  if (original !== undefined && distance(small, near) <= allowed) return `did you mean ${JSON.stringify(original)}?`;
  return known.length > 0 ? `the ${what}s here are ${known.join(", ")}` : `there are no ${what}s here; remove it`;
}

/** Of a value that may have several forms, the issues of the form that its writer had in mind: the one whose type fits. */
function chosen(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const fitting = issue.errors.filter(
    (form) => !form.some((inner) => inner.path.length === 0 && (inner.code === "invalid_type" || inner.code === "invalid_union")),
  );
  const [form, ...more] = fitting;
  if (form === undefined || more.length > 0) return [issue];
  return form.flatMap((inner) => chosen({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** What config/words.ts packed. */
function unpack(message: string): Words {
  try {
    const words: unknown = JSON.parse(message);
    if (isMap(words) && typeof words.message === "string" && typeof words.fix === "string") {
      const known = Array.isArray(words.known) ? words.known.map(String) : undefined;
      return { message: words.message, fix: words.fix, quote: words.quote === true, ...(known && { known }) };
    }
  } catch {
    // Not ours: zod's own text would not read like the rest, and may quote the value.
  }
  return { message: "has the wrong form", fix: "compare it with config/schemas/dockstage.schema.json" };
}

/** Whether something is a map, as YAML or JSON gives it. */
export const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value at a path, undefined where there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => {
    if (Array.isArray(at)) return at[Number(step)];
    return isMap(at) && Object.hasOwn(at, step) ? at[step] : undefined;
  }, value);
}

/** A copy without the keys that the issues call unknown. */
function without(value: unknown, issues: readonly Issue[], path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((entry: unknown, index) => without(entry, issues, [...path, index]));
  if (!isMap(value)) return value;
  const unknown = new Set(issues.flatMap((issue) => (issue.code === "unrecognized_keys" && same(issue.path, path) ? issue.keys : [])));
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (unknown.has(key) ? [] : [[key, without(inner, issues, [...path, key])]])),
  );
}

const same = (a: readonly PropertyKey[], b: Path): boolean =>
  a.length === b.length && a.every((step, index) => String(step) === String(b[index]));
