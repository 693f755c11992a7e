import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { readSettings } from "../config/reader";
import { capabilitiesOf, notBuilt } from "../stages/matrix";
import { cellsOf } from "../stages/plan";
import { driftOf, hostIsUp } from "./engine";
import { capture, clearDeadLocks, run, stateOf, type Target } from "./pulumi";

const PACKAGE = dirname(__dirname);
const HOST = { project: "dockstage-host", stack: "local" };

const dataFolder = (env: NodeJS.ProcessEnv): string =>
  env["DOCKSTAGE_DATA"] ?? join(env["XDG_DATA_HOME"] ?? join(homedir(), ".local", "share"), "dockstage");

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Brings one stack up: dead locks cleared, and read back from the engine first where it differs from the state. */
async function bringUp(target: Target): Promise<number> {
  for (const pid of clearDeadLocks(target)) say(`The lock of process ${pid}, which is dead, was cleared.`);
  capture(target, ["stack", "select", "--create", target.stack]);
  const state = stateOf(target);
  const drift = await driftOf(target.project, target.stack, state);
  for (const difference of drift) say(`The engine differs from the state: ${difference}.`);
  if (state.cutOff) {
    say("An earlier run was cut off: its pending operations are cleared.");
    const code = await run(target, [
      "refresh",
      "--yes",
      "--skip-preview",
      "--clear-pending-creates",
      "--suppress-outputs",
      "--stack",
      target.stack,
    ]);
    if (code !== 0) return code;
  }
  return run(target, [
    "up",
    "--yes",
    "--skip-preview",
    "--suppress-outputs",
    ...(drift.length > 0 ? ["--refresh"] : []),
    "--stack",
    target.stack,
  ]);
}

/** The host program; its state is always the user's own, and it has no secrets. */
export function hostTarget(env: NodeJS.ProcessEnv): Target {
  const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...rest } = env;
  return {
    folder: join(PACKAGE, "host"),
    ...HOST,
    env: { ...rest, PULUMI_BACKEND_URL: `file://${dataFolder(env)}/state`, PULUMI_CONFIG_PASSPHRASE: "dockstage-example" },
  };
}

export interface UpOptions {
  /** `host` is the host program. @default "dev" */
  readonly stack: string;
  /** The app's folder, with its Pulumi.yaml. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** `dockstage up [stack]`. Exit code. */
export async function up({ stack, folder, env }: UpOptions): Promise<number> {
  if (stack === "host") return bringUp(hostTarget(env));
  const refused = notBuilt(stack);
  if (refused) {
    process.stderr.write(`${refused}\n`);
    return 2;
  }
  const { settings } = readSettings({ folder: resolve(folder), stack, env });
  const started = Date.now();
  if (!(await hostIsUp())) {
    say("The host program is not up on this engine: it comes first.");
    const code = await bringUp(hostTarget(env));
    if (code !== 0) return code;
  }
  const code = await bringUp({ folder: resolve(folder), project: settings.project, stack, env });
  if (code !== 0) return code;
  // Read again: the host program may have leased another port meanwhile.
  const now = readSettings({ folder: resolve(folder), stack, env }).settings;
  const rows = [
    ...cellsOf(now, capabilitiesOf(now.stage.stage)).map(({ url }) => ["URL", url] as const),
    [
      "Logs",
      `docker logs -f $(docker ps -q -f label=dockstage.project=${now.project} -f label=dockstage.stack=${stack} -f label=dockstage.component=web)`,
    ] as const,
    ["Stop", `. scripts/env && pulumi destroy -s ${stack}`] as const,
  ];
  say(`\n${now.project} ${stack} is up (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  for (const [name, value] of rows) say(`  ${name.padEnd(5)} ${value}`);
  return 0;
}
