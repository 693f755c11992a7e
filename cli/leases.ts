import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dataFolderOf } from "../config/machine";

/** What the ledger of leases (provider/ledger.ts) says of environments. Only read here: it is written under a lock. */

const Ledger = z.record(z.string(), z.object({ value: z.string(), kind: z.enum(["port", "subnet"]), folder: z.string().optional() }));

export interface Lease {
  readonly project: string;
  readonly stack: string;
  readonly kind: "port" | "subnet";
  readonly value: string;
  /** Where the program ran that took it. */
  readonly folder?: string;
}

/** All leases of this user; none where the ledger is not there, or is none. */
export function leasesOf(env: NodeJS.ProcessEnv): readonly Lease[] {
  const file = join(dataFolderOf(env), "leases.json");
  if (!existsSync(file)) return [];
  const read = Ledger.safeParse(parsed(readFileSync(file, "utf8")));
  return Object.entries(read.success ? read.data : {}).map(([holder, { value, kind, folder }]) => {
    const [project = "", stack = ""] = holder.split("/");
    return { project, stack, kind, value, ...(folder !== undefined && { folder }) };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The folder that an environment was brought up from. */
export const folderOf = (leases: readonly Lease[], { project, stack }: Pick<Lease, "project" | "stack">): string | undefined =>
  leases.find((lease) => lease.project === project && lease.stack === stack && lease.folder !== undefined)?.folder;
