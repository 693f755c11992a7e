import type { ZodType } from "zod";
import type { Engine } from "./engine";

/**
 * What one kind of resource has to say, in plain values: server.ts does the protocol around it. A kind exports one constant,
 * `export const resource: Resource<Inputs, Computed>`, from the file of its name; registry.ts loads it on first use.
 */

/** A value that is not known yet, in a preview only. Compare with `value === UNKNOWN` or `isUnknown(value)`. */
export class Unknown {
  private readonly brand = "unknown";
  toString(): string {
    return `[${this.brand}]`;
  }
}
export const UNKNOWN = new Unknown();
export const isUnknown = (value: unknown): value is Unknown => value instanceof Unknown;

/** A plain value that may hold unknown parts. Secrets are plain in here; server.ts keeps their marks. */
export type Value = null | boolean | number | string | Unknown | readonly Value[] | { readonly [key: string]: Value };
export type Values = { readonly [key: string]: Value };

/** `T`, each part of which may be unknown: what a preview hands to `diff` and `preview`. */
export type Previewed<T> = T extends readonly (infer E)[]
  ? readonly (Previewed<E> | Unknown)[]
  : T extends object
    ? { readonly [K in keyof T]: Previewed<T[K]> | Unknown }
    : T;

/** A wrong input; `property` is a path such as `http.port`. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

/** Changed properties by path. Nothing in either list is no change. A property that is not an input (a lost object's id) is allowed. */
export interface Change {
  readonly updates?: readonly string[];
  readonly replaces?: readonly string[];
  /** Delete the old object before the new one is made, for what can exist only once. @default false */
  readonly deleteBeforeReplace?: boolean;
}

/** An error that a person reads as it is (several lines are fine); everything else gets a word about its origin added. */
export class Problem extends Error {
  override readonly name = "Problem";
}

export interface Context {
  readonly urn: string;
  /** The resource's name: the last part of `urn`; "" where there is none. */
  readonly name: string;
  readonly preview: boolean;
  /** Aborted when the person cancels: stop, remove what this call made, and throw (`signal.throwIfAborted()` will do). */
  readonly signal: AbortSignal;
  /** The resource's customTimeouts, in seconds; undefined where none is set. */
  readonly timeoutSeconds?: number;
  /** The environment, `project/stack`, whose objects this run may take over from a state that was lost or lies elsewhere. */
  readonly adopt?: string;
  /** The engine's client, connected at the first call. Throws a Problem where no engine answers. */
  engine(): Promise<Engine>;
  /** A line for the person at the terminal, by this resource; an ephemeral one is progress and shown only until the next. */
  log(message: string, severity?: "debug" | "info" | "warning" | "error", options?: { ephemeral?: boolean }): void;
}

/**
 * One kind of resource. `I` are its inputs, `O` what it computes beyond them; the state holds both (`I & O`), and every
 * method that returns `O` returns only the computed part. Inputs are checked against `inputs` before any method sees them;
 * outside previews they hold no unknown.
 */
export interface Resource<I extends object, O extends object> {
  /** Parts of the value that are unknown in a preview are not held against it. */
  readonly inputs: ZodType<I>;
  readonly computed: ZodType<O>;
  /** Names of all computed properties: unknown in the preview of a create, unless `preview` says more. */
  readonly outputs: readonly (keyof O & string)[];
  /** Computed properties that are secret in any case. An input that is secret stays so without a word here. */
  readonly secrets?: readonly (keyof O & string)[];
  /** What a schema cannot say. Called only where the schema has nothing to say against the inputs. */
  check?(news: Previewed<I>, olds: Previewed<I> | undefined, ctx: Context): Promise<readonly Failure[]>;
  /**
   * Called in previews and in updates, and must answer the same in both for the same news. Unknown news count as changed where
   * a change would count (`changed` below does so). `oldInputs` are what the program last gave, `state` what was last made of it.
   */
  diff(id: string, oldInputs: I, state: I & O, news: Previewed<I>, ctx: Context): Promise<Change>;
  /**
   * What a create or update would compute, with UNKNOWN for what only it can say. `state` is there for an update.
   * @default every computed property unknown for a create, the state's for an update
   */
  preview?(news: Previewed<I>, state: (I & O) | undefined, ctx: Context): Promise<Previewed<O>>;
  /** Leaves nothing behind when it throws. */
  create(news: I, ctx: Context): Promise<{ readonly id: string; readonly computed: O }>;
  /** Undefined: the object is gone. @default as the state says */
  read?(id: string, state: I & O, ctx: Context): Promise<O | undefined>;
  /** What `pulumi import` puts into the state for an object that is there; undefined: it is not. @default refused */
  import?(id: string, ctx: Context): Promise<{ readonly inputs: I; readonly computed: O } | undefined>;
  /** @default refused */
  update?(id: string, state: I & O, news: I, ctx: Context): Promise<O>;
  /** Deleting what is gone succeeds. */
  delete(id: string, state: I & O, ctx: Context): Promise<void>;
}

/** Names of the properties (of `among`, or all) that differ; one with an unknown part differs. */
export function changed<I extends object>(olds: I, news: Previewed<I>, among?: readonly (keyof I & string)[]): string[] {
  const before = new Map<string, unknown>(Object.entries(olds));
  const after = new Map<string, unknown>(Object.entries(news));
  const names = among ?? [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => !sameValue(before.get(name), after.get(name)));
}

/** Deep equality of plain values; unknown equals nothing, and a missing property equals an undefined one. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (isUnknown(a) || isUnknown(b)) return false;
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [before, after] = [new Map<string, unknown>(Object.entries(a)), new Map<string, unknown>(Object.entries(b))];
  return [...new Set([...before.keys(), ...after.keys()])].every((key) => sameValue(before.get(key), after.get(key)));
}

/** Whether a value has an unknown part. */
export function hasUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(hasUnknown);
}

/** The value, if no part of it is unknown. */
export function known<T>(value: Previewed<T> | Unknown | undefined): T | undefined {
  return value === undefined || hasUnknown(value) ? undefined : (value as T); // the guard above makes the cast true
}
