// node -r ./loader.js bench/noop.ts [--runs 9]: `up` of the guestbook's DEV that changes nothing, beside a program that makes nothing.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { empty, guestbook, preview, refresh, up } from "./apps";
import { machine, median, numberOf, run, say, type Run } from "./measure";

const Line = z.object({ name: z.string(), started: z.number(), ended: z.number(), cpu: z.number(), files: z.number() });

const NAMES: Readonly<Record<string, string>> = {
  "index.js": "the program",
  "pulumi-resource-dockstage": "dockstage's provider",
  "pulumi-resource-docker": "offline docker plugin",
  "pulumi-language-nodejs": "offline language host (twice: Pulumi asks one for its version first)",
};

async function main(): Promise<void> {
  const runs = numberOf("--runs", 9);
  const [stage, nothing] = [await guestbook(), await empty()];
  const clean = async (): Promise<void> => {
    await stage.clean();
    await nothing.clean();
  };
  try {
    // Twice: the first makes it, the second compiles whatever only a run without changes loads.
    for (const sandbox of [stage, stage, nothing, nothing]) await run(up(sandbox));
    const [ours, theirs, previews, refreshes]: [Run[], Run[], Run[], Run[]] = [[], [], [], []];
    console.log(machine());
    // In turn, so that whatever else the machine does meets both.
    for (let i = 0; i < runs; i++) {
      ours.push(await run(up(stage)));
      theirs.push(await run(up(nothing)));
    }
    const ratio = median(ours.map(({ seconds }, i) => seconds / (theirs[i]?.seconds ?? NaN)));
    console.log(`up without changes        ${say(ours)}`);
    console.log(`an empty program          ${say(theirs)}; ratio ${ratio.toFixed(2)}`);
    for (let i = 0; i < Math.ceil(runs / 3); i++) {
      previews.push(await run(preview(stage)));
      refreshes.push(await run(refresh(stage)));
    }
    console.log(`preview without changes   ${say(previews)}`);
    console.log(`refresh without changes   ${say(refreshes)}`);
    console.log(`memory of such an up      ${say([await run(up(stage), true)])}`);
    const version = await run({ args: ["pulumi", "version"], cwd: stage.app, env: stage.env });
    const output = await run({ args: ["pulumi", "stack", "output", "--json", "--stack", "dev"], cwd: stage.app, env: stage.env });
    const secret = await run({
      args: ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", "dev"],
      cwd: stage.app,
      env: stage.env,
    });
    console.log(
      `pulumi version            ${version.seconds.toFixed(2)} s; stack output ${output.seconds.toFixed(2)} s, with secrets ${secret.seconds.toFixed(2)} s`,
    );
    // The processes of one more run; only their CPU time is of use, since they overlap.
    const lines = join(stage.folder, "processes.jsonl");
    rmSync(lines, { force: true });
    const all = up(stage);
    const started = Date.now();
    const whole = await run({ ...all, env: { ...all.env, NODE_OPTIONS: `-r ${join(__dirname, "processes.js")}`, BENCH_PROCESSES: lines } });
    const processes = readFileSync(lines, "utf8")
      .trim()
      .split("\n")
      .map((line) => Line.parse(JSON.parse(line)));
    for (const { name, started: from, ended, cpu, files } of processes.sort((a, b) => a.started - b.started)) {
      const [began, over] = [from - started, ended - started].map((ms) => (ms / 1000).toFixed(2));
      console.log(`  from ${began} to ${over} s, ${(cpu / 1000).toFixed(2)} s of CPU, ${files} files: ${NAMES[name] ?? name}`);
    }
    const node = processes.reduce((sum, { cpu }) => sum + cpu / 1000, 0);
    console.log(
      `  the rest of ${whole.cpuSeconds.toFixed(2)} s of CPU, ${(whole.cpuSeconds - node).toFixed(2)} s: the Pulumi CLI and the starts of Node`,
    );
  } finally {
    await clean();
  }
}

void main();
