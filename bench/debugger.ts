import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { ensureHost, request, Sandbox } from "../tests/support/sandbox";

/**
 * What the debugger costs a request that does not ask for it: the same page, with real work in PHP functions, in two environments side by
 * side, one with `settings.debugger: off` and one with `request`, asked in turns. Then the same page with Xdebug, with no IDE that listens,
 * which shows what a request would cost if Xdebug were loaded for all. Only ratios of one run mean something.
 */

const ROUNDS = Number(process.argv[2] ?? 100);
const PAGE = `<?php
function fibonacci($n) { return $n < 2 ? $n : fibonacci($n - 1) + fibonacci($n - 2); }
echo fibonacci(23), extension_loaded("xdebug") ? " with" : " without";
`;

async function environment(mode: "off" | "request", server: string): Promise<{ sandbox: Sandbox; url: string }> {
  const sandbox = new Sandbox(`bench-${mode}`);
  execFileSync("mkdir", ["-p", join(sandbox.app, "public")]);
  sandbox.write("public/index.php", PAGE);
  sandbox.write(
    "dockstage.yaml",
    `name: ${sandbox.project}\nphp: { versions: ["8.2"], live: "8.2", servers: [${server}], docroot: public }\nweb: { health: /, cpus: 1 }\n`,
  );
  await sandbox.init();
  // `stack init` has written the salt there; the settings stand beside it.
  const set = await sandbox.run("pulumi", ["config", "set", "--path", "settings.debugger", mode, "-s", "dev"]);
  if (set.code !== 0) throw new Error(set.output);
  await sandbox.mustUp();
  const { variants } = (await sandbox.outputs()) as { variants: Record<string, { url: string }> };
  return { sandbox, url: Object.values(variants)[0]?.url ?? "" };
}

async function milliseconds(url: string, body: string): Promise<number> {
  const started = performance.now();
  const answer = await request(url);
  const took = performance.now() - started;
  if (answer.status !== 200 || answer.body !== body) throw new Error(`${url} answered ${answer.status}: ${answer.body}`);
  return took;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function main(): Promise<void> {
  ensureHost();
  for (const server of ["nginx", "apache"]) {
    const off = await environment("off", server);
    const on = await environment("request", server);
    try {
      const times: { off: number; on: number; debugged: number }[] = [];
      for (let round = 0; round < ROUNDS + 10; round++) {
        // The first of a round is not always the same one.
        const one = round % 2 === 0;
        const a = await milliseconds(`${(one ? off : on).url}/`, "28657 without");
        const b = await milliseconds(`${(one ? on : off).url}/`, "28657 without");
        const debugged = await milliseconds(`${on.url}/?XDEBUG_TRIGGER=1`, "28657 with");
        // The first ten warm up.
        if (round >= 10) times.push({ off: one ? a : b, on: one ? b : a, debugged });
      }
      const without = median(times.map((time) => time.off));
      const ratio = (pick: (time: (typeof times)[number]) => number): string =>
        median(times.map((time) => pick(time) / time.off)).toFixed(2);
      console.log(
        `${server}: off ${without.toFixed(1)} ms; request, not asked: ${ratio((time) => time.on)} times; ` +
          `asked, without an IDE: ${ratio((time) => time.debugged)} times (medians of ${ROUNDS} rounds)`,
      );
    } finally {
      await Promise.all([off.sandbox.clean(), on.sandbox.clean()]);
    }
  }
}

void main();
