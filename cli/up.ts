import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { ConfigError } from "../config/problems";
import { dataFolderOf } from "../config/data-folder";
import { readSettings } from "../config/reader";
import { readLedger } from "../provider/ledger";
import { capabilitiesOf, notBuilt } from "../stages/matrix";
import { ask, driftOf, removeStrangers } from "./engine";
import { alone, hostNeeds, hostTarget, markHost } from "./host";
import { PACKAGE, setUp, sourceLine } from "./machine";
import { Progress } from "./progress";
import { CommandFailed, run, type Target } from "./pulumi";
import { clearDeadLocks, forgetPending, stateOf, type State } from "./state";
import { contextsOf, Watch } from "./success";
import { drift } from "./unchanged";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

export { hostTarget };

/**
 * Brings one stack up: dead locks cleared, and read back from the engine first where it differs from the state.
 *
 * @param watch looks at the inputs once the stack is there
 * @param adopt take over what is on the engine
 */
async function bringUp(given: Target, progress: Progress, adopt = false, watch: () => void = () => undefined): Promise<boolean> {
  const { project, stack, env } = given;
  const { adoptionOf, clearForAdoption, refuseUnknownData } = require("./adopt") as typeof import("./adopt");
  const target = adopt ? { ...given, env: adoptionOf(given) } : given;
  for (const pid of clearDeadLocks(target)) progress.say("recovery", `the lock of process ${pid}, which is dead, was cleared`);
  const state = stateOf(target);
  watch();
  if (!adopt) await refuseUnknownData(target, state);
  else
    for (const name of await clearForAdoption(target, state)) progress.say("recovery", `the earlier state left ${name}, which is removed`);
  const differing = [...(await driftOf(project, stack, state, env)), ...drift.splice(0)];
  for (const difference of differing) progress.say("recovery", `the engine differs from the state: ${difference}`);
  if (state.cutOff) {
    progress.say("recovery", "an earlier run was cut off: what it began is looked at, and what it left is removed");
    forgetPending(target);
  }
  // Nothing else would ever remove what a run that was cut off left, and its networks could not go.
  if (await owns(target, state))
    for (const name of await removeStrangers(project, stack, state, env)) progress.say("recovery", `${name} is in no state: it is removed`);
  const common = ["--yes", "--skip-preview", "--suppress-outputs", "--stack", stack];
  const refresh = state.cutOff || differing.length > 0;
  return (await run(target, ["up", ...(refresh ? ["--refresh"] : []), ...common], progress)) === 0;
}

/** Whether the environment on the engine is the one of this state, and not one of another folder or backend that has the same name. */
async function owns({ project, stack, env }: Target, { ids }: State): Promise<boolean> {
  const ledger = await readLedger(dataFolderOf(env));
  const leased = Object.entries(ledger).filter(([holder]) => holder.startsWith(`${project}/${stack}/`));
  return leased.some(([, { value }]) => ids.get("dockstage:index:Lease")?.has(value));
}

/** Brings the host program up where it is not as this dockstage makes it. */
async function bringHostUp(env: NodeJS.ProcessEnv, progress: Progress, force = false): Promise<boolean> {
  if (!force && !(await hostNeeds(env))) return true;
  return alone(env, async () => {
    // Another run may have done it meanwhile.
    const needs = force ? "is looked at" : await hostNeeds(env);
    if (!needs) return true;
    progress.say("host", `the host program, which all environments share, ${needs}`);
    if (!(await bringUp(hostTarget(env), progress))) return false;
    markHost(env);
    return true;
  });
}

export interface UpOptions {
  /** `host` is the host program. */
  readonly stack: string;
  /** The app's folder, with its Pulumi.yaml. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** The variables before scripts/env: by them the next `up` finds what this one wrote down. @default env */
  readonly given?: NodeJS.ProcessEnv;
  /** Take over what a lost state, or one elsewhere, left on the engine. @default false: that is refused */
  readonly adopt?: boolean;
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

/** The engine answers; one of this machine that does not is started by the set-up. */
async function engineUp(env: NodeJS.ProcessEnv, progress: Progress): Promise<void> {
  try {
    await ask("GET", "/version", env);
  } catch (error) {
    if (env["DOCKER_HOST"] || setUp(env) !== 0) throw error;
    progress.say("checks", "the Docker Engine did not answer, and was started by the set-up");
    await ask("GET", "/version", env);
  }
}

/** `dockstage up [stack]`. Exit code. */
export async function up({ stack, folder, env, given = env, adopt = false }: UpOptions): Promise<number> {
  const name = stack === "host" ? "the host program" : undefined;
  const progress = new Progress();
  if (stack === "host") {
    await engineUp(env, progress);
    return ended(await bringHostUp(env, progress, true), name ?? stack, stack, progress);
  }
  const { settings } = read({ stack, folder, env });
  const refused = notBuilt(settings.stage.stage);
  if (refused) {
    process.stderr.write(`dockstage: ${refused}\n`);
    return 2;
  }
  await engineUp(env, progress);
  const target: Target = { folder: resolve(folder), project: settings.project, stack, env };
  const full = `${settings.project} ${stack}`;
  if (!(await bringHostUp(env, progress))) return ended(false, "The host program", stack, progress);
  let watch: Watch | undefined;
  const good = await bringUp(target, progress, adopt, () => {
    watch = watchOf(target, given);
  });
  if (!good) return ended(false, full, stack, progress);
  const urls = await table({ stack, folder, env }, progress);
  const why = watch
    ? await watch.success(stateOf(target), urls[0] ?? "")
    : "the program, the state or the engine is one that cannot be looked at fast";
  if (why && env["DOCKSTAGE_DEBUG"]) process.stderr.write(`dockstage: the next up runs Pulumi, too: ${why}\n`);
  return 0;
}

/** The last words where there is no table: they say what to do. */
function ended(good: boolean, name: string, stack: string, progress: Progress): number {
  if (good) say(`\n${name} is up (${progress.elapsed()} s)`);
  else {
    process.stderr.write(
      `${progress.trouble()}\ndockstage: ${name} could not be brought up (${progress.elapsed()} s). What served before still serves. ` +
        `Put right what is said above, and run it again: it goes on where it stopped. dockstage up ${stack}\n`,
    );
  }
  return good ? 0 : 1;
}

/** Looks at all inputs of an `up`. */
function watchOf(target: Target, given: NodeJS.ProcessEnv): Watch | undefined {
  // Read again: the host program may have leased another port meanwhile. Loaded late, as it brings the SDK.
  const { settings, folders } = readSettings({ folder: target.folder, stack: target.stack, env: target.env });
  const { plan } = require("../stages/plan") as typeof import("../stages/plan");
  const absolute = (path: string): string => resolve(path.startsWith("package:") ? PACKAGE : folders.app, path.replace(/^\w+:/, ""));
  const contexts = contextsOf(plan(settings), absolute);
  return Watch.start({ target, given, contexts, migrations: settings.app.database?.migrations ?? [] });
}

/** What a person wants to know at the end. The URLs, too. */
async function table({ stack, folder, env }: UpOptions, progress: Progress): Promise<readonly string[]> {
  const { settings, folders } = readSettings({ folder: resolve(folder), stack, env });
  const { debugRow, ideSettingsOf } = require("./verbs/debugger") as typeof import("./verbs/debugger");
  const ide = ideSettingsOf(settings, folders.app);
  const { cellsOf, inboxOf } = require("../stages/plan") as typeof import("../stages/plan");
  const capabilities = capabilitiesOf(settings.stage.stage);
  const elsewhere = relative(process.cwd(), resolve(folder));
  const there = elsewhere ? ` --folder ${elsewhere}` : "";
  const inFolder = elsewhere ? ` -C ${elsewhere}` : "";
  const urls = cellsOf(settings, capabilities).map(({ url }) => url);
  const rows: readonly (readonly [string, string])[] = [
    ...urls.map((url) => ["URL", url] as const),
    ...(capabilities.mail.mode === "catch" ? [["Mail", inboxOf(settings).url] as const] : []),
    ...(ide ? [["Debug", debugRow(ide, stack)] as const] : []),
    ["Logs", `npx dockstage logs${there} --follow --stack ${stack}`],
    ["Stop", `npx dockstage down${there} ${stack}   (its data stays)`],
    ["Pulumi", `${sourceLine()} && pulumi preview${inFolder} -s ${stack}   (${env["DOCKSTAGE_PLUGIN"] ?? "unknown"} docker plugin)`],
  ];
  say(`\n${settings.project} ${stack} is up (${progress.elapsed()} s)\n`);
  for (const [name, value] of rows) say(`  ${name.padEnd(7)} ${value}`);
  return urls;
}
