import type { Resource } from "./resource";

/** A resource whose types server.ts does not know; it checks every value against the resource's own schemas before a call. */
export type AnyResource = Resource<Record<string, unknown>, Record<string, unknown>>;

// Each kind's code is loaded on first use: a `require` here and not an import, which would load all at the start.
const kind = <I extends object, O extends object>(loaded: { resource: Resource<I, O> }): AnyResource =>
  loaded.resource as unknown as AnyResource;

const KINDS: Readonly<Record<string, () => AnyResource>> = {
  Announcement: () => kind(require("./announcement") as typeof import("./announcement")),
  External: () => kind(require("./external") as typeof import("./external")),
  Files: () => kind(require("./files") as typeof import("./files")),
  Generation: () => kind(require("./generation") as typeof import("./generation")),
  Image: () => kind(require("./image") as typeof import("./image")),
  Job: () => kind(require("./job") as typeof import("./job")),
  Lease: () => kind(require("./lease") as typeof import("./lease")),
  Password: () => kind(require("./password") as typeof import("./password")),
  Ready: () => kind(require("./ready") as typeof import("./ready")),
  Route: () => kind(require("./route") as typeof import("./route")),
  Stamp: () => kind(require("./stamp") as typeof import("./stamp")),
};

/** All type tokens, `dockstage:index:Password` and so on. */
export const TOKENS: readonly string[] = Object.keys(KINDS).map((name) => `dockstage:index:${name}`);

/** The resource kind of a type token. */
export function resourceOf(token: string): AnyResource {
  const name = token.startsWith("dockstage:index:") ? token.slice("dockstage:index:".length) : "";
  const load = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!load) throw new Error(`${token} is not a resource of this provider; it has ${TOKENS.join(", ")}`);
  return load();
}
