import { existsSync } from "node:fs";
import { fileOf, isLocked, type Stack } from "./deployment";
import { folderOf, type Lease } from "./leases";
import { leftoversOf, type Leftovers } from "./leftovers";
import type { EngineContainer, EngineObject, Objects } from "./objects";

/** What of the engine's objects belongs to nobody any more. Objects that another user's state or another backend may know are left alone. */

/** An environment that no state of this user knows. */
export interface Unknown {
  readonly project: string;
  readonly stack: string;
  /** Whether a container of it runs: it may be another user's, so that only its name makes it go. */
  readonly running: boolean;
  readonly objects: number;
}

export interface Prunable extends Leftovers {
  /** Environments with something that nobody knows, and that are left alone for now. */
  readonly unknown: readonly Unknown[];
  /** Environments in which a run is under way, or was cut off: nothing is touched there. */
  readonly busy: readonly string[];
}

export interface Known {
  readonly states: readonly Stack[];
  readonly leases: readonly Lease[];
  /** Environments, as `project/stack`, that a person named: only these, and theirs even where they run and no state knows them. */
  readonly named: readonly string[];
}

const key = ({ project, stack }: { readonly project: string; readonly stack: string }): string => `${project}/${stack}`;
const none: Leftovers = { remove: [], data: [] };

/** Whose folder is there has a state somewhere, if not here. */
const isElsewhere = (leases: readonly Lease[], of: { readonly project: string; readonly stack: string }): boolean => {
  const folder = folderOf(leases, of);
  return folder !== undefined && existsSync(folder);
};

export function prunable({ containers, networks, volumes }: Objects, { states, leases, named }: Known): Prunable {
  const all: readonly (EngineContainer | EngineObject)[] = [...containers, ...networks, ...volumes];
  const names = [...new Set(all.map(key))].filter((name) => named.length === 0 || named.includes(name)).sort();
  const found = names.map((name) => {
    const mine = {
      containers: containers.filter((of) => key(of) === name),
      networks: networks.filter((of) => key(of) === name),
      volumes: volumes.filter((of) => key(of) === name),
    };
    const objects = all.filter((of) => key(of) === name);
    const [first] = objects;
    const own = states.filter((state) => key(state) === name);
    const result = { left: none, unknown: undefined as Unknown | undefined, busy: false };
    if (!first) return result;
    if (own.some(isLocked)) return { ...result, busy: true };
    const ids = new Set(own.flatMap((state) => fileOf(state)?.resources ?? []).flatMap(({ id }) => (id ? [id] : [])));
    const left = leftoversOf(mine, ids);
    if (left.remove.length + left.data.length === 0) return result;
    // A state that knows some of it is the state of it; one that knows nothing may be a namesake.
    if (objects.some(({ id }) => ids.has(id))) return { ...result, left };
    if (named.includes(name)) return { ...result, left };
    const running = mine.containers.some(({ state }) => state === "running");
    if (!running && !isElsewhere(leases, first)) return { ...result, left };
    if (isElsewhere(leases, first)) return result;
    return { ...result, unknown: { project: first.project, stack: first.stack, running, objects: objects.length } };
  });
  return {
    remove: found.flatMap(({ left }) => left.remove),
    data: found.flatMap(({ left }) => left.data),
    unknown: found.flatMap(({ unknown }) => unknown ?? []),
    busy: names.filter((_, at) => found[at]?.busy),
  };
}
