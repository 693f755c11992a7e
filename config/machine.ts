import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isMap, valueAt, type Checker } from "./check";
import { filesMatching } from "./globs";
import type { Description, Machine } from "./settings";

/** The facts of the machine that the plan depends on. No other module reads the environment or the machine for the plan. */

export { dataFolderOf } from "./data-folder";

/** Holder of the host program's HTTP port in the ledger of leases. */
export const HOST_PORT_HOLDER = "dockstage-host/local/http";
const DEFAULT_PORT = 8080;

/** The port that the host program's demux answers on; 8080 where the ledger is not there, or says nothing sensible. */
export function hostPortOf(dataFolder: string): number {
  try {
    const ledger: unknown = JSON.parse(readFileSync(join(dataFolder, "leases.json"), "utf8"));
    const port = Number(valueAt(ledger, [HOST_PORT_HOLDER, "value"]));
    return Number.isInteger(port) && port > 0 && port < 65536 ? port : DEFAULT_PORT;
  } catch {
    return DEFAULT_PORT;
  }
}

/** SHA-256 over names and contents of the files, hex; "" for no patterns. Patterns that match nothing are problems. */
function migrationsHash(appFolder: string, patterns: readonly string[], checker: Checker): string {
  if (patterns.length === 0) return "";
  const files = new Set<string>();
  patterns.forEach((pattern, index) => {
    const found = filesMatching(appFolder, pattern);
    const written = valueAt(checker.source.data, ["database", "migrations"]);
    const path = ["database", "migrations", ...(Array.isArray(written) ? [index] : [])];
    if (found.length === 0)
      checker.add(path, "no file matches this pattern", "correct it (migrations/** takes all files below a folder), or remove it", pattern);
    for (const file of found) files.add(file);
  });
  const hash = createHash("sha256");
  for (const file of [...files].sort()) {
    const content = readFileSync(join(appFolder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Looks at the machine. Files that the description names and that are not there become problems. */
export function machineOf(appFolder: string, dataFolder: string, app: Description, checker: Checker): Machine {
  const { source } = app;
  if (source.from === "build" && !exists(join(appFolder, source.context, source.dockerfile))) {
    const written = valueAt(checker.source.data, ["build"]);
    const path = isMap(written) ? ["build", "dockerfile"] : ["build"];
    checker.add(
      path,
      `there is no file ${join(source.context, source.dockerfile)} beside ${checker.source.file}`,
      "correct context and dockerfile, or write the Dockerfile",
    );
  }
  const { uid, gid } = statSync(appFolder);
  return {
    owner: { uid, gid },
    hostPort: hostPortOf(dataFolder),
    migrations: migrationsHash(appFolder, app.database?.migrations ?? [], checker),
  };
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
