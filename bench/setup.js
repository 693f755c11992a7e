// node bench/setup.js: scripts/setup with the time of each step. Plain JavaScript: on a fresh machine there is no npm package yet.
"use strict";
const { spawn } = require("node:child_process");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");

const started = performance.now();
const seconds = () => ((performance.now() - started) / 1000).toFixed(1).padStart(6);
const child = spawn("sh", [path.join(__dirname, "..", "scripts", "setup"), ...process.argv.slice(2)], {
  stdio: ["inherit", "pipe", "inherit"],
});
readline.createInterface({ input: child.stdout }).on("line", (line) => console.log(`${seconds()}  ${line}`));
child.on("close", (code) => {
  console.log(`${seconds()}  end, with ${os.cpus().length} cores and a load of ${os.loadavg()[0].toFixed(1)}`);
  process.exitCode = code ?? 1;
});
