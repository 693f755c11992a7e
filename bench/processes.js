// node -r: one line of JSON for each Node process of a run, into the file that BENCH_PROCESSES names.
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const started = Date.now() - performance.now();
process.on("exit", () => {
  const name = path.basename(process.argv[1] ?? "node");
  const { user, system } = process.cpuUsage();
  const line = { name, started, ended: Date.now(), cpu: (user + system) / 1000, files: Object.keys(require.cache).length };
  fs.appendFileSync(process.env.BENCH_PROCESSES, `${JSON.stringify(line)}\n`);
});
