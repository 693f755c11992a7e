import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ConfigError } from "../config/problems";
import { dataFolderOf } from "../config/machine";
import { readSettings } from "../config/reader";
import { capabilitiesOf, notBuilt } from "../stages/matrix";
import { containersOf, driftOf, removeStrangers } from "./engine";
import { PACKAGE, sourceLine } from "./machine";
import { CommandFailed, run, type Target } from "./pulumi";
import { clearDeadLocks, stateOf } from "./state";

const HOST = { project: "dockstage-host", stack: "local" };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Brings one stack up: dead locks cleared, and read back from the engine first where it differs from the state. */
async function bringUp(target: Target): Promise<number> {
  const { project, stack, env } = target;
  for (const pid of clearDeadLocks(target)) say(`The lock of process ${pid}, which is dead, was cleared.`);
  const state = stateOf(target);
  const drift = await driftOf(project, stack, state, env);
  for (const difference of drift) say(`The engine differs from the state: ${difference}.`);
  const common = ["--yes", "--skip-preview", "--suppress-outputs", "--stack", stack];
  if (state.cutOff) {
    say("An earlier run was cut off: its pending operations are cleared.");
    const code = await run(target, ["refresh", "--clear-pending-creates", ...common]);
    if (code !== 0) return code;
    // Nothing else would ever remove what it left, and its networks could not go.
    for (const name of await removeStrangers(project, stack, stateOf(target), env)) say(`It left ${name}, which is removed.`);
  }
  return run(target, ["up", ...(drift.length > 0 ? ["--refresh"] : []), ...common]);
}

/** The host program; its state is always the user's own, and it has no secrets. */
export function hostTarget(env: NodeJS.ProcessEnv): Target {
  const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...rest } = env;
  return {
    folder: join(PACKAGE, "host"),
    ...HOST,
    env: { ...rest, PULUMI_BACKEND_URL: `file://${dataFolderOf(env)}/state`, PULUMI_CONFIG_PASSPHRASE: "dockstage-example" },
  };
}

export interface UpOptions {
  /** `host` is the host program. */
  readonly stack: string;
  /** The app's folder, with its Pulumi.yaml. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The settings; where they have problems and the stack is not there, that is said too, as `pulumi config set` needs it. */
function read({ stack, folder, env }: UpOptions): ReturnType<typeof readSettings> {
  try {
    return readSettings({ folder: resolve(folder), stack, env });
  } catch (error) {
    if (!(error instanceof ConfigError) || existsSync(join(folder, `Pulumi.${stack}.yaml`))) throw error;
    throw new CommandFailed(`${error.message}\n\nThere is no Pulumi.${stack}.yaml. For a new stack, first: pulumi stack init ${stack}`);
  }
}

/** `dockstage up [stack]`. Exit code. */
export async function up({ stack, folder, env }: UpOptions): Promise<number> {
  if (stack === "host") return bringUp(hostTarget(env));
  const { settings } = read({ stack, folder, env });
  const refused = notBuilt(settings.stage.stage);
  if (refused) {
    process.stderr.write(`dockstage: ${refused}\n`);
    return 2;
  }
  const started = Date.now();
  if ((await containersOf(HOST.project, HOST.stack, /^demux$/, env)).length === 0) {
    say("The host program, which all environments share, is not up: it comes first.");
    const code = await bringUp(hostTarget(env));
    if (code !== 0) return code;
  }
  const code = await bringUp({ folder: resolve(folder), project: settings.project, stack, env });
  if (code !== 0) return code;
  await table({ stack, folder, env }, (Date.now() - started) / 1000);
  return 0;
}

/** What a person wants to know at the end. */
async function table({ stack, folder, env }: UpOptions, seconds: number): Promise<void> {
  // Read again: the host program may have leased another port meanwhile. Loaded late, as it brings the SDK.
  const { settings } = readSettings({ folder: resolve(folder), stack, env });
  const { cellsOf } = require("../stages/plan") as typeof import("../stages/plan");
  const elsewhere = relative(process.cwd(), resolve(folder));
  const webs = await containersOf(settings.project, stack, /^web(-(?!(.*-)?self$).*)?$/, env);
  const rows: readonly (readonly [string, string])[] = [
    ...cellsOf(settings, capabilitiesOf(settings.stage.stage)).map(({ url }) => ["URL", url] as const),
    ...webs.map((name) => ["Logs", `docker logs -f ${name}`] as const),
    ["Stop", `${sourceLine()} && pulumi destroy${elsewhere ? ` -C ${elsewhere}` : ""} -s ${stack}   (its data goes, too)`],
    ["Plugin", `${env["DOCKSTAGE_PLUGIN"] ?? "unknown"} docker plugin`],
  ];
  say(`\n${settings.project} ${stack} is up (${seconds.toFixed(1)} s)\n`);
  for (const [name, value] of rows) say(`  ${name.padEnd(7)} ${value}`);
}
