import { satisfies, validRange } from "semver";
import { catalogue, compareVersions, versionsOf } from "../../config/catalogue";
import type { DatabaseEngine } from "../../config/settings";

/** Which of dockstage's versions stand for those that an app names. */

/** The same one, else the next newer, else the newest. `known` is sorted, oldest first. */
function nearestVersion(wanted: string, known: readonly string[]): string {
  return known.find((one) => compareVersions(one, wanted) >= 0) ?? known.at(-1) ?? wanted;
}

/** `8.2.12` to `8.2`. */
const series = (version: string): string => version.split(".").slice(0, 2).join(".");

export const phpVersions = versionsOf(catalogue.php);
export const nearestPhp = (version: string): string => nearestVersion(series(version), phpVersions);

/** Composer's form of a range in npm's words: `~8.1` reaches to 9, `|` is `||`, `,` is "and". */
function asRange(constraint: string): string {
  return constraint
    .split(/\s*\|\|?\s*/)
    .map((part) =>
      part
        .replace(/@[a-z]+/gi, "")
        .replace(/,/g, " ")
        .replace(/([<>=!^~])\s+/g, "$1")
        .replace(/~(\d+)\.(\d+)(?![\d.*])/g, (_, major: string, minor: string) => `>=${major}.${minor}.0 <${Number(major) + 1}.0.0`)
        .replace(/!=\s*[\d.*]+/g, "")
        .trim(),
    )
    .join(" || ");
}

/** The versions of the PHP recipe that a constraint of composer.json allows, oldest first; undefined where it is no constraint. */
export function phpAllowed(constraint: string): readonly string[] | undefined {
  const range = asRange(constraint);
  if (validRange(range) === null) return undefined;
  // Any release of a series will do: Debian's are late ones.
  return phpVersions.filter((version) => satisfies(`${version}.99`, range));
}

const ENGINES: readonly (readonly [pattern: RegExp, engine: DatabaseEngine])[] = [
  [/^(mariadb|mysql|mysql-server|percona|percona-server)$/, "mariadb"],
  [/^(postgres|postgresql|postgis|timescaledb|pgvector)$/, "postgresql"],
];

/** `registry.example/bitnami/postgresql:16-alpine` to name and version. */
export function imageParts(image: string): { readonly name: string; readonly version: string | undefined } {
  const [path = ""] = image.split("@");
  const last = path.split("/").at(-1) ?? "";
  const [name = "", tag = ""] = last.split(":");
  return { name: name.toLowerCase(), version: /(?:^|pg)v?(\d+(?:\.\d+)?)/.exec(tag)?.[1] };
}

/** The entry under `database.engines` for a database of another tool; `note` where it is not the same. */
export function databaseOf(name: string, version: string | undefined): { readonly entry: string; readonly note?: string } | undefined {
  const engine = ENGINES.find(([pattern]) => pattern.test(name))?.[1];
  if (!engine) return undefined;
  const known = versionsOf(catalogue.databases[engine]);
  if (engine === "mariadb" && name !== "mariadb") {
    // MySQL counts in another way: 5.7 is about MariaDB 10.5, 8 about 10.11.
    const like = version !== undefined && Number(version.split(".")[0]) < 8 ? "10.5" : "10.11";
    return { entry: `${engine}:${like}`, note: `in place of ${name}${version ? ` ${version}` : ""}, which dockstage has not got` };
  }
  if (version === undefined) return { entry: `${engine}:${catalogue.defaultSeries[engine]}` };
  const wanted = engine === "postgresql" ? (version.split(".")[0] ?? version) : version;
  const nearest = nearestVersion(wanted, known);
  return { entry: `${engine}:${nearest}`, ...(nearest !== wanted && { note: `in place of ${wanted}; there are ${known.join(", ")}` }) };
}
