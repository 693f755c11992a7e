import { createHash } from "node:crypto";

/** A physical name has at most 40 characters, and a hash of the whole where it would be longer. */
const LIMIT = 40;

/** `[a-z0-9-]` of any text: other characters become `-`, and runs of it one. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}

/**
 * `<project>-<stack>`, with the hyphens inside each doubled: else the project `a-b` in the stack `c` and the project `a` in the stack
 * `b-c` would have the same volumes.
 */
export const scope = (project: string, stack: string): string => [project, stack].map((part) => part.replaceAll("-", "--")).join("-");

/** The physical name of an object: `<project>-<stack>-<name>`, cut to 40 characters and hashed where it is longer. */
export function physicalName(project: string, stack: string, name: string): string {
  const full = `${scope(project, stack)}-${slug(name)}`;
  if (full.length <= LIMIT) return full;
  const hash = createHash("sha256").update(`${project}/${stack}/${name}`).digest("hex").slice(0, 8);
  return `${full.slice(0, LIMIT).replace(/-+$/, "")}-${hash}`;
}

/**
 * Name of an environment's door in the network that all environments share. Never cut or hashed, and with a dot between the two, which
 * neither can hold: the host's demux builds it from the URL.
 */
export const doorName = (project: string, stack: string): string => `door-${project}.${stack}`;

/** Physical name of the network that doors and the host's demux meet in. */
export const DOORS_NETWORK = "dockstage-doors";

/** The volume of an environment's door. */
export const ROUTES_VOLUME = "routes";

/** The volume of the host's demux: what environments say of themselves, for its page. */
export const ENVIRONMENTS_VOLUME = "environments";

/** Volumes that are no database and hold no files of the app's: an environment takes what is in them as it is. */
export const DISPOSABLE: readonly string[] = [ROUTES_VOLUME, ENVIRONMENTS_VOLUME, "spool", "mailbox", "debugger"];
