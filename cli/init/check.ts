import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError, keyOf, type Problem } from "../../config/problems";
import { readSettings } from "../../config/reader";
import { pulumiYaml } from "./files";
import type { Findings } from "./findings";
import { render } from "./render";

/** Whether a problem is only that somebody has to set a secret, which the stack's file will hold. */
const isUnsetSecret = ({ message }: Problem): boolean => message === "the secret has no value for this stack";

/** Problems of a folder's files; secrets that are yet to be set are none. */
export function problemsOf(folder: string): readonly Problem[] {
  try {
    readSettings({ folder, stack: "dev" });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.filter((problem) => !isUnsetSecret(problem));
  }
}

/**
 * Leaves out what the reader of dockstage.yaml would refuse (a path of the system, a name that dockstage needs itself), with its reason, so
 * that the file that is written is a valid one.
 *
 * @returns the problems that stay: something essential
 */
export function leaveOutRefused(found: Findings, name: string): readonly Problem[] {
  for (let round = 0; round < 50; round++) {
    const problems = tried(found, name);
    const refused = found.lines.filter(({ path }) => path.length > 1 && problems.some(({ key }) => within(key, keyOf(path))));
    if (problems.length === 0 || refused.length === 0) return problems;
    for (const line of refused) {
      const problem = problems.find(({ key }) => within(key, keyOf(line.path)));
      found.remove(line);
      found.leave(`${line.from} (${keyOf(line.path)})`, problem?.message ?? "it is not allowed");
    }
  }
  return tried(found, name);
}

const within = (key: string, line: string): boolean => key === line || key.startsWith(`${line}.`) || key.startsWith(`${line}[`);

/** What the reader says of the description, in a folder of its own with the files that it must find. */
function tried(found: Findings, name: string): readonly Problem[] {
  const folder = mkdtempSync(join(tmpdir(), "dockstage-init-"));
  try {
    const write = (file: string, text: string): void => {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    };
    write("Pulumi.yaml", pulumiYaml(name, "index.ts"));
    write("dockstage.yaml", render(found));
    if (found.has("build")) write(join(found.text("build", "context") ?? ".", found.text("build", "dockerfile") ?? "Dockerfile"), "");
    const migrations = found.value("database", "migrations");
    if (typeof migrations === "string") write(migrations.replace(/\*+$/, "x"), "");
    return problemsOf(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
