import type { Property, Shape } from "../shape";
import { type Value, type Values, UNKNOWN, canonical, canonicalBlock, hasUnknown, isRecord, isZero } from "./values";

export type ChangeKind = "ADD" | "DELETE" | "UPDATE" | "ADD_REPLACE" | "DELETE_REPLACE" | "UPDATE_REPLACE";

export interface Difference {
  /** Property path to what happens there. Empty: nothing changes. */
  readonly detailed: ReadonlyMap<string, ChangeKind>;
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** An empty value of these is "whatever the image says", and no change. */
const IMAGE_DECIDES = ["user", "workingDir"];

/**
 * What the official plugin's Diff decides: the state's outputs against the new inputs, sets without order, zero values as absent.
 * @param ignored top-level names that are not compared
 */
export function diff(shape: Shape, state: Values, news: Values, ignored: readonly string[]): Difference {
  const detailed = new Map<string, ChangeKind>();
  const replaces = new Set<string>();
  for (const [name, property] of Object.entries(shape.properties)) {
    if (property.use === "output" || ignored.includes(name)) continue;
    const kind = changeOf(name, property, state[name], news[name]);
    if (!kind) continue;
    const replacing = replacesOn(name, property, state[name], news[name]);
    if (replacing) replaces.add(name);
    for (const [path, change] of places(name, property, state[name], news[name], kind))
      detailed.set(path, replacing ? `${change}_REPLACE` : change);
  }
  return {
    detailed,
    replaces: [...replaces].sort(),
    deleteBeforeReplace: replaces.size > 0 && (shape.deleteBeforeReplace || keepsName(shape, news)),
  };
}

/** The bridge's rule: a name that the program chose stays unique, so the old object must go first, even where the name changed too. */
const keepsName = (shape: Shape, news: Values): boolean =>
  shape.autoname && Array.isArray(news.__defaults) && !news.__defaults.includes("name");

type Basic = "ADD" | "DELETE" | "UPDATE";

function changeOf(name: string, property: Property, old: Value | undefined, now: Value | undefined): Basic | undefined {
  if (hasUnknown(now)) return added(old);
  if (isZero(now)) {
    // What the program leaves out, the engine (or the image) decides, and decided long ago.
    const left = now === undefined || now === null;
    if (IMAGE_DECIDES.includes(name) || isZero(old) || (property.use === "both" && (left || typeof now === "object" || now === "")))
      return undefined;
    return left || typeof now === "object" ? "DELETE" : "UPDATE";
  }
  if (name === "ports" && samePorts(old, now)) return undefined;
  if (canonical(old, property) === canonical(now, property)) return undefined;
  return added(old);
}

/** A switch that was off is changed; what was not there at all is added. */
const added = (old: Value | undefined): Basic => (isZero(old) && typeof old !== "boolean" ? "ADD" : "UPDATE");

/** Ports are a list, but their order says nothing; a host port that the program leaves to the engine stays as it is, in the same place. */
function samePorts(old: Value | undefined, now: Value | undefined): boolean {
  if (!Array.isArray(old) || !Array.isArray(now) || old.length !== now.length) return false;
  const text = (port: Value) => (isRecord(port) ? JSON.stringify([port.internal, port.protocol, port.ip, port.external ?? 0]) : "");
  const before = new Set(old.map(text));
  if (now.every((port) => before.has(text(port)))) return true;
  return now.every((port, i) => {
    const was = old[i];
    return (
      isRecord(port) &&
      isRecord(was) &&
      text({ ...port, external: isZero(port.external) ? (was.external ?? 0) : (port.external ?? 0) }) === text(was)
    );
  });
}

/**
 * A change replaces where the schema says so. The exception is upstream's: a set of blocks whose fields do not replace (mounts)
 * replaces when the number of blocks changes or a block with a replacing part comes or goes, and else updates in place, which
 * does nothing to the container. Use `replaceOnChanges: ["mounts"]`.
 */
function replacesOn(name: string, property: Property, old: Value | undefined, now: Value | undefined): boolean {
  if (property.change !== "replace") return false;
  if (property.kind !== "set" || property.of === "string" || name !== "mounts" || !Array.isArray(old) || !Array.isArray(now)) return true;
  const { of } = property;
  const texts = (list: Value[]) => new Set(list.map((element) => canonicalBlock(element, of)));
  const [before, after] = [texts(old), texts(now)];
  if (before.size !== after.size) return true;
  const moved = [
    ...old.filter((element) => !after.has(canonicalBlock(element, of))),
    ...now.filter((element) => !before.has(canonicalBlock(element, of))),
  ];
  return moved.some((element) => isRecord(element) && !isZero(element.tmpfsOptions));
}

/** The places to show a person: the elements of a set or the entries of a map that came or went. */
function places(name: string, property: Property, old: Value | undefined, now: Value | undefined, kind: Basic): [string, Basic][] {
  if (kind === "UPDATE" && property.kind === "object" && isRecord(old) && isRecord(now)) {
    return Object.entries(property.of)
      .filter(([field, inner]) => inner.use !== "output" && canonical(old[field], inner) !== canonical(now[field], inner))
      .map(([field]) => [`${name}.${field}`, isZero(old[field]) ? "ADD" : isZero(now[field]) ? "DELETE" : "UPDATE"]);
  }
  if (kind === "UPDATE" && property.kind === "map" && isRecord(old) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => old[key] !== now[key]);
    return keys.map((key) => [
      `${name}[${JSON.stringify(key)}]`,
      old[key] === undefined ? "ADD" : now[key] === undefined ? "DELETE" : "UPDATE",
    ]);
  }
  if (kind === "UPDATE" && property.kind === "set" && Array.isArray(old) && Array.isArray(now) && !now.includes(UNKNOWN)) {
    const { of } = property;
    const text = (element: Value) => (of === "string" ? JSON.stringify(element) : canonicalBlock(element, of));
    const [before, after] = [new Set(old.map(text)), new Set(now.map(text))];
    const found = new Map<string, Basic>();
    old.forEach((element, i) => !after.has(text(element)) && found.set(`${name}[${i}]`, "DELETE"));
    now.forEach((element, i) => !before.has(text(element)) && found.set(`${name}[${i}]`, found.has(`${name}[${i}]`) ? "UPDATE" : "ADD"));
    return [...found];
  }
  return [[name, kind]];
}
