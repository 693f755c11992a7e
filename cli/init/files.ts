import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { valueAt } from "../../config/check";
import { PACKAGE } from "../machine";
import { textOf } from "./findings";

/** The files of a project beside dockstage.yaml. What is there is never overwritten or reordered: only missing lines are added. */

const version = String(valueAt(JSON.parse(textOf(PACKAGE, "package.json") ?? "{}"), ["version"]));

/** What is to be done with one file. */
export interface Change {
  readonly file: string;
  /** The whole text to write; undefined where the file stays. */
  readonly text?: string;
  /** `new`, `2 lines added`, `is there`; or what is wrong with it. */
  readonly note: string;
  /** The project does not run like this: the person has to do something. */
  readonly blocked?: boolean;
}

export const pulumiYaml = (name: string, main: string): string => `name: ${name}
runtime:
  name: nodejs
  options:
    typescript: false
    nodeargs: -r dockstage/loader.js
main: ${main}
plugins:
  providers:
    - name: dockstage
      path: ./node_modules/dockstage/provider
      version: ${version}
`;

const INDEX = `import { environment } from "dockstage";\n\nexport = environment(__dirname);\n`;

function project(folder: string, name: string, main: string): Change {
  const file = existsSync(join(folder, "Pulumi.yml")) ? "Pulumi.yml" : "Pulumi.yaml";
  const text = textOf(folder, file);
  if (text === undefined) return { file, text: pulumiYaml(name, main), note: "new" };
  const data: unknown = parse(text);
  const providers = valueAt(data, ["plugins", "providers"]);
  const ours = Array.isArray(providers) && providers.some((one) => valueAt(one, ["name"]) === "dockstage");
  if (ours) return { file, note: "is there" };
  const note =
    "is of another program: give dockstage a folder of its own (npx dockstage init --folder stage), or put this program elsewhere";
  return { file, note, blocked: true };
}

/** index.ts; where the app has one of its own, dockstage.ts. */
function program(folder: string): { readonly main: string; readonly change: Change } {
  for (const file of ["index.ts", "dockstage.ts"]) {
    const text = textOf(folder, file);
    if (text === undefined)
      return { main: file, change: { file, text: INDEX, note: file === "index.ts" ? "new" : "new; index.ts is the app's" } };
    if (/from "dockstage"/.test(text)) return { main: file, change: { file, note: "is there" } };
  }
  return {
    main: "dockstage.ts",
    change: { file: "dockstage.ts", note: `is of another program; dockstage needs: ${INDEX.split("\n").join(" ")}`, blocked: true },
  };
}

const same = (line: string): string => line.trim().replace(/^\//, "").replace(/\/$/, "");

/** A list of patterns, with the lines that it lacks at its end. */
function patterns(folder: string, file: string, lines: readonly string[], comment: string): Change {
  const text = textOf(folder, file);
  const there = new Set((text ?? "").split(/\r?\n/).map((line) => same(line)));
  const missing = lines.filter((line) => !there.has(same(line)));
  if (missing.length === 0) return { file, note: "is there" };
  const added = `${comment}\n${missing.join("\n")}\n`;
  if (text === undefined) return { file, text: added, note: "new" };
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  return { file, text: `${text}${gap}${added}`, note: `added ${missing.join(", ")}` };
}

/** package.json, in the person's own layout, with the dependency where it lacks it. */
function manifest(folder: string): Change {
  const file = "package.json";
  const text = textOf(folder, file);
  const own = { devDependencies: { dockstage: version } };
  if (text === undefined) return { file, text: `${JSON.stringify({ private: true, ...own }, null, 2)}\n`, note: "new" };
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return {
      file,
      note: `is no JSON (${error instanceof Error ? error.message : String(error)}): add "dockstage" to its devDependencies`,
      blocked: true,
    };
  }
  const there = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"].some(
    (kind) => valueAt(data, [kind, "dockstage"]) !== undefined,
  );
  if (there || typeof data !== "object" || data === null) return { file, note: "is there" };
  const indent = /\n([ \t]+)"/.exec(text)?.[1] ?? "  ";
  const before = valueAt(data, ["devDependencies"]);
  const devDependencies = { ...(typeof before === "object" ? before : {}), ...own.devDependencies };
  const end = text.endsWith("\n") ? "\n" : "";
  return { file, text: `${JSON.stringify({ ...data, devDependencies }, null, indent)}${end}`, note: "added dockstage to devDependencies" };
}

/** Everything but the description. `context`: folder of the image's build, undefined where nothing is built. */
export function projectFiles(folder: string, name: string, context: string | undefined): readonly Change[] {
  const { main, change } = program(folder);
  const own = ["node_modules", "Pulumi*.yaml", "dockstage.yaml", main];
  const ignores = (): Change => {
    const file = ".dockerignore";
    // Names a file that the build needs only in a folder that is new to Docker.
    return patterns(folder, file, existsSync(join(folder, file)) ? own : [".git", ...own], "# dockstage: no part of the app's image");
  };
  return [
    project(folder, name, main),
    change,
    manifest(folder),
    patterns(
      folder,
      ".gitignore",
      ["node_modules/", "Pulumi.dev.yaml"],
      "# dockstage: installed; and DEV's secrets, locked with each person's own passphrase",
    ),
    ...(context === "." ? [ignores()] : []),
  ];
}
