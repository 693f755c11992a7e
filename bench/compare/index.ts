// node -r ./loader.js bench/compare/index.ts [--runs 5] [--services 16]: the same services by Docker Compose v2 and by dockstage, in turn.
import { join } from "node:path";
import { ensureHost, type Sandbox } from "../../tests/support/sandbox";
import { down, keepImages, up } from "../apps";
import { machine, median, numberOf, run, say, type Command, type Run } from "../measure";
import { compose } from "./compose";
import { asCompose, asDockstage } from "./services";

const STEPS = ["up from nothing", "up without changes", "down"] as const;

/** Ratios of dockstage's times to Compose's, pair by pair; their median. */
const ratio = (ours: readonly Run[], theirs: readonly Run[]): string =>
  median(ours.map(({ seconds }, i) => seconds / (theirs[i]?.seconds ?? NaN))).toFixed(2);

async function measure(count: number, runs: number, program: string): Promise<void> {
  const stage = await asDockstage(count);
  try {
    await run(up(stage));
    const made = await madeBy(stage);
    const images = await keepImages(stage);
    try {
      const web = images.first(/\/app:/);
      const folder = asCompose(count, join(stage.folder, "compose"), web);
      const composed = (...args: string[]): Command => ({ args: [program, "--progress", "quiet", ...args], cwd: folder, env: process.env });
      const theirs: readonly Command[] = [composed("up", "-d", "--wait"), composed("up", "-d", "--wait"), composed("down")];
      const ours: readonly Command[] = [up(stage), up(stage), down(stage)];
      await run(down(stage));
      const times = STEPS.map(() => ({ ours: [] as Run[], theirs: [] as Run[], unwaited: [] as Run[] }));
      for (let i = 0; i < runs; i++) {
        for (const [at, step] of times.entries()) step.theirs.push(await run(theirs[at] ?? composed("version")));
        // What Compose does by itself: back as soon as the containers are started, healthy or not.
        times[0]?.unwaited.push(await run(composed("up", "-d")));
        await run(composed("down"));
        await images.restore();
        for (const [at, step] of times.entries()) step.ours.push(await run(ours[at] ?? up(stage)));
      }
      console.log(`\n${count} ${count === 1 ? "service" : "services"} (dockstage: ${made})`);
      for (const [at, { ours, theirs, unwaited }] of times.entries()) {
        console.log(`${(STEPS[at] ?? "").padEnd(20)} dockstage  ${say(ours)}`);
        console.log(`${"".padEnd(20)} compose    ${say(theirs)}; ratio ${ratio(ours, theirs)}`);
        if (unwaited.length > 0) console.log(`${"".padEnd(20)}   no --wait ${say(unwaited)}; ratio ${ratio(ours, unwaited)}`);
      }
    } finally {
      await images.remove();
    }
  } finally {
    await stage.clean();
  }
}

/** What there is on dockstage's side: its own parts, too. */
async function madeBy(stage: Sandbox): Promise<string> {
  const objects = await stage.objects();
  const count = (kind: string): number => objects.filter((object) => object.startsWith(`${kind} `)).length;
  return `${count("container")} containers, ${count("network")} networks, ${count("volume")} volumes`;
}

async function main(): Promise<void> {
  const [runs, services] = [numberOf("--runs", 5), numberOf("--services", 0)];
  const program = compose();
  ensureHost();
  console.log(machine());
  for (const count of services > 0 ? [services] : [1, 16]) await measure(count, runs, program);
}

void main();
