import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { PACKAGE } from "../../../cli/machine";

/** Not for an app: it works on dockstage itself. */
const OWN = new Set(["node_modules", "tests", "bench"]);

test("the package holds every source, and none of its tests", () => {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: PACKAGE,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as { files: { path: string }[] }[];
  const files = (packed?.files ?? []).map(({ path }) => path);
  const sources = readdirSync(PACKAGE, { withFileTypes: true })
    .filter(({ name }) => !OWN.has(name) && !name.startsWith("."))
    .flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(join(PACKAGE, entry.name), { recursive: true, withFileTypes: true }).map((inner) =>
            join(inner.parentPath, inner.name).slice(PACKAGE.length + 1),
          )
        : [entry.name],
    )
    .filter((path) => path.endsWith(".ts"));
  expect(sources.length).toBeGreaterThan(90);
  expect(sources.filter((path) => !files.includes(path))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(["README.md", "LICENSE", "loader.js", "environment.js", "cli/dockstage", "scripts/setup", "scripts/env"]),
  );
  expect(files.filter((path) => /^tests\/|\.test\.ts$/.test(path))).toEqual([]);
});
