// Does node_modules hold what package-lock.json says? npm writes node_modules/.package-lock.json last, so an interrupted
// install does not count. Exit code 0, or 1 with the first difference on stdout.
"use strict";
const fs = require("node:fs");

const packages = (file) => JSON.parse(fs.readFileSync(file, "utf8")).packages;

function difference() {
  if (!fs.existsSync("node_modules/.package-lock.json")) return "they are not installed";
  const installed = packages("node_modules/.package-lock.json");
  for (const [path, wanted] of Object.entries(packages("package-lock.json"))) {
    if (path === "") continue;
    const found = installed[path];
    // Builds for other systems are optional and stay away.
    if (!found && wanted.optional) continue;
    if (!found) return `${path} is not installed`;
    if (found.version !== wanted.version) return `${path} is ${found.version}, not ${wanted.version}`;
    if (found.integrity !== wanted.integrity) return `${path} has another content`;
    if (!fs.existsSync(path)) return `${path} is gone`;
  }
  return undefined;
}

const found = difference();
if (found) console.log(found);
process.exitCode = found ? 1 : 0;
