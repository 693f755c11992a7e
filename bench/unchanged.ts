// node -r ./loader.js bench/unchanged.ts [--runs 9]: `npx dockstage up dev` of the guestbook where nothing has changed, beside what npx and Node take.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { guestbook } from "./apps";
import { machine, median, numberOf, run, say, type Command, type Run } from "./measure";

async function main(): Promise<void> {
  const runs = numberOf("--runs", 9);
  const stage = await guestbook();
  // As npm lays it out.
  mkdirSync(join(stage.app, "node_modules", ".bin"));
  symlinkSync("../dockstage/cli/dockstage", join(stage.app, "node_modules", ".bin", "dockstage"));
  writeFileSync(join(stage.app, "node_modules", ".bin", "nothing"), "#!/usr/bin/env node\n", { mode: 0o755 });
  const command = (...args: [string, ...string[]]): Command => ({
    args,
    cwd: stage.app,
    env: { ...stage.env, npm_config_loglevel: "error" },
  });
  const commands: Readonly<Record<string, Command>> = {
    "npx dockstage up dev": command("npx", "dockstage", "up", "dev"),
    "npx dockstage --version": command("npx", "dockstage", "--version"),
    "npx of a program that does nothing": command("npx", "nothing"),
    "dockstage up dev, without npx": command("node", "node_modules/.bin/dockstage", "up", "dev"),
    "node, nothing more": command("node", "-e", "0"),
    "dockstage up dev --force": command("node", "node_modules/.bin/dockstage", "up", "dev", "--force"),
  };
  const taken = new Map<string, Run[]>();
  try {
    // The first makes it, the second writes down that nothing changed, should the first have been disturbed.
    for (let i = 0; i < 2; i++) await run(command("node", "node_modules/.bin/dockstage", "up", "dev"));
    console.log(machine());
    // In turn, so that whatever else the machine does meets all of them.
    for (let i = 0; i < runs; i++)
      for (const [name, one] of Object.entries(commands)) {
        if (name.endsWith("--force") && i >= Math.ceil(runs / 3)) continue;
        taken.set(name, [...(taken.get(name) ?? []), await run(one)]);
      }
    for (const [name, all] of taken) console.log(`${name.padEnd(36)}${say(all)}`);
    const of = (name: string, what: "seconds" | "cpuSeconds"): number => median((taken.get(name) ?? []).map((one) => one[what]));
    const own = (what: "seconds" | "cpuSeconds"): string =>
      (of("dockstage up dev, without npx", what) - of("node, nothing more", what)).toFixed(3);
    // A run that starts Pulumi takes two seconds of CPU.
    const slow = (taken.get("npx dockstage up dev") ?? []).filter(({ cpuSeconds }) => cpuSeconds > 1).length;
    console.log(`runs that started Pulumi: ${slow}`);
    const whole = of("npx dockstage up dev", "seconds");
    const share = (name: string): string => (of(name, "seconds") / whole).toFixed(2);
    console.log(`dockstage's own part, beyond the start of Node: ${own("seconds")} s, ${own("cpuSeconds")} s of CPU`);
    console.log(
      `npx's share of the whole: ${share("npx of a program that does nothing")}; "npx dockstage --version": ${share("npx dockstage --version")} of it`,
    );
  } finally {
    await stage.clean();
  }
}

void main();
