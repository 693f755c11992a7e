import type { DatabaseEngine, HttpServer } from "./settings";

/** A Debian release that dockstage's own images are built from. */
export type Suite = "bullseye" | "bookworm" | "trixie";

/**
 * What dockstage's own images come in, and the Debian release that each is built from. A version is here only where that
 * release packages it, so that its security updates are Debian's.
 */
export const catalogue: {
  readonly php: Readonly<Record<string, Suite>>;
  readonly servers: readonly HttpServer[];
  readonly databases: Readonly<Record<DatabaseEngine, Readonly<Record<string, Suite>>>>;
  /** The series that an entry without one stands for. */
  readonly defaultSeries: Readonly<Record<DatabaseEngine, string>>;
} = {
  php: { "7.4": "bullseye", "8.2": "bookworm", "8.4": "trixie" },
  servers: ["nginx", "apache"],
  databases: {
    mariadb: { "10.5": "bullseye", "10.11": "bookworm", "11.8": "trixie" },
    postgresql: { "13": "bullseye", "15": "bookworm", "17": "trixie" },
  },
  defaultSeries: { mariadb: "10.11", postgresql: "15" },
};

/** The versions of one table, oldest first (the keys' own order puts "13" before "10.5"). */
export const versionsOf = (table: Readonly<Record<string, Suite>>): readonly string[] => Object.keys(table).sort(compareVersions);

/** "7.4" before "8.2", "10.5" before "10.11". */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
