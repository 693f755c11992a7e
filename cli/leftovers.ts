import { ask } from "./engine";
import type { EngineContainer, EngineObject, Objects } from "./objects";

/** Objects on the engine that no state knows. */
export interface Leftovers {
  /** What a run can make again: containers, networks, and volumes with nothing but files of dockstage's own. Containers first. */
  readonly remove: readonly (EngineContainer | EngineObject)[];
  /** Volumes with data: only a person may remove them. */
  readonly data: readonly EngineObject[];
}

/** Whether a volume holds nothing that a run could not make again: secret and configuration files, or a door's routes. */
const isMadeAgain = ({ labels, component }: Pick<EngineObject, "labels" | "component">): boolean =>
  labels["dockstage.helper"] === "files" || component === "routes";

/** What of these objects is in no state. `known` are the physical ids of all states that may have made them. */
export function leftoversOf({ containers, networks, volumes }: Objects, known: ReadonlySet<string>): Leftovers {
  const unknown = ({ id }: { readonly id: string }): boolean => !known.has(id);
  const left = volumes.filter(unknown);
  return {
    remove: [...containers.filter(unknown), ...networks.filter(unknown), ...left.filter(isMadeAgain)],
    data: left.filter((volume) => !isMadeAgain(volume)),
  };
}

const PATHS = { container: "containers", network: "networks", volume: "volumes" } as const;

/** Removes them, a running container at once; what somebody else uses the engine keeps. */
export async function removeAll(objects: Leftovers["remove"], env: NodeJS.ProcessEnv): Promise<void> {
  for (const { kind, id } of objects) {
    const force = kind === "container" ? "?force=1&v=1" : "";
    await ask("DELETE", `/${PATHS[kind]}/${encodeURIComponent(id)}${force}`, env);
  }
}
