import { homedir } from "node:os";
import { join } from "node:path";

/** Where dockstage keeps what belongs to the person, not to a checkout. */
export function dataFolderOf(env: Readonly<Record<string, string | undefined>>): string {
  const own = env["DOCKSTAGE_DATA"];
  return own ? own : join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "dockstage");
}
