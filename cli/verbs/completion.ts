import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { environmentOf } from "../environment";
import { isService, objectsOn } from "../objects";
import { WrongUse, type Call, type Completes, type Verb } from "../verb";

/** Completion in the person's shell. The scripts, and how they ask what fits, are @bomb.sh/tab's (cli/verbs/tab.mjs). */

const SHELLS = ["bash", "zsh", "fish"] as const;

/** Prints what the library makes of it. Exit code. */
const tab = (asked: object): number =>
  spawnSync(process.execPath, [join(__dirname, "tab.mjs")], { input: JSON.stringify(asked), stdio: ["pipe", "inherit", "inherit"] })
    .status ?? 1;

/** `dockstage completion <shell>`: the script that a shell sources. */
export function run({ arguments: [shell = ""] }: Call): number {
  if (!SHELLS.some((name) => name === shell)) throw new WrongUse(`completion knows ${SHELLS.join(", ")}, not "${shell}"`);
  return tab({ shell });
}

/** Stacks of the app in a folder: those that have a config file. */
function stacksIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .flatMap((file) => /^Pulumi\.([a-z0-9-]+)\.yaml$/.exec(file)?.[1] ?? [])
      .sort();
  } catch {
    return [];
  }
}

/** Components of the app in a folder that have containers, in whatever stack. Where something is wrong, there is nothing to complete. */
async function componentsIn(folder: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  try {
    // Its variables are not needed, and would cost a shell.
    const { project } = environmentOf({ folder, env: { ...env, DOCKSTAGE_PLUGIN: "any" } });
    const { containers } = await objectsOn(env);
    const mine = containers.filter((container) => container.project === project && isService(container));
    return [...new Set(mine.map(({ component }) => component))].sort();
  } catch {
    return [];
  }
}

/** The folder that the words of a command line name. */
export function folderIn(words: readonly string[]): string {
  const at = words.findIndex((word) => word === "--folder" || word.startsWith("--folder="));
  const [, value = words[at + 1]] = /^--folder=(.*)/.exec(words[at] ?? "") ?? [];
  return resolve(at < 0 ? "." : (value ?? "."));
}

/** Verbs as cli/verbs/tab.mjs takes them, with the values that fit. */
export function described(verbs: readonly Verb[], valuesOf: (completes: Completes) => readonly string[]): readonly object[] {
  const values = (completes: Completes | undefined): readonly string[] => (completes ? valuesOf(completes) : []);
  return verbs.map(({ name, summary, arguments: words = [], options = [] }) => ({
    name,
    summary,
    arguments: words.map(({ usage, completes }) => ({ name: usage, values: values(completes), variadic: usage.includes("...") })),
    options: [
      ...options.map(({ flags, summary, completes }) => {
        const [, alias, name, value] = /^(?:-(\w), )?--([\w-]+)(?: (<.*>))?$/.exec(flags) ?? [];
        return { name, summary, alias, ...(value && { values: values(completes) }) };
      }),
      { name: "folder", summary: "the app's folder", values: [] },
      { name: "help", summary: "what the verb does" },
    ],
  }));
}

/** Prints what fits to the last of these words, as the shells' scripts read it. */
export async function complete(words: readonly string[], verbs: readonly Verb[], env: NodeJS.ProcessEnv): Promise<number> {
  const folder = folderIn(words);
  const components = await componentsIn(folder, env);
  const valuesOf = (completes: Completes): readonly string[] =>
    completes === "stack" ? stacksIn(folder) : completes === "component" ? components : completes;
  return tab({ words, verbs: described(verbs, valuesOf) });
}
