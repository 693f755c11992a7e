import { WrongUse, type Call } from "./verb";

/** `dockstage init`. Its arguments and options are declared in cli/verbs.ts. */
export function run(_call: Call): number {
  throw new WrongUse("init is not built yet");
}
