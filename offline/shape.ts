/** How a shape of offline/shapes.ts is written, and what its entries share. */

/** What a change of a property does. Where it is not said, an element of a replacing property replaces as well. */
export type OnChange = "replace" | "update";

/** A value of a property that nobody set. */
export type Rest = null | string | number | boolean | readonly never[] | Readonly<Record<string, never>>;

interface Common {
  readonly change: OnChange;
  /** "input" (the default), "both" (the engine's value where the program gives none), or "output" (never an input). */
  readonly use?: "input" | "both" | "output";
  /** Filled in by Check, and named in `__defaults`, where the program gives none. */
  readonly default?: string | number | boolean;
  /** The only value that is accepted. */
  readonly only?: boolean;
  /** What a string must look like. */
  readonly like?: RegExp;
  /** The smallest number that is accepted. */
  readonly least?: number;
  /** In a block: the state's value where nobody set one. @default null */
  readonly rest?: Rest;
}

export type Property = Common &
  (
    | { readonly kind: "string" | "integer" | "boolean" | "map" }
    | { readonly kind: "list" | "set"; readonly of: "string" | Properties }
    /** A block that there is at most once. */
    | { readonly kind: "object"; readonly of: Properties }
  );

export type Properties = { readonly [name: string]: Property };

export interface Shape {
  /** As in the URN and in the program. */
  readonly type: string;
  /** The name is made from the resource's logical name where the program gives none. */
  readonly autoname: boolean;
  readonly deleteBeforeReplace: boolean;
  /** The state's `__meta`, without which the official plugin takes it for one of an old version. */
  readonly meta?: string;
  readonly properties: Properties;
  /** What the official plugin's state holds for everything that nobody set, properties that the platforms never use among them. */
  readonly rest: Readonly<Record<string, Rest>>;
}

/** As Go writes and reads it: 30s, 1m30s, 500ms. */
export const DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;
export const replace = { change: "replace" } as const;
export const update = { change: "update" } as const;
export const labels = {
  kind: "set",
  of: { label: { kind: "string", ...replace }, value: { kind: "string", ...replace } },
  ...replace,
} as const satisfies Property;
export const strings = { of: "string" } as const;
/** Terraform keeps a resource's timeouts (20 minutes, in nanoseconds) in its state under this well-known key. */
export const timeouts = { "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": { create: 12e11, delete: 12e11, update: 12e11 } };
