import type { Checker } from "./check";
import { isMap, nearest } from "./check";
import { STAGE_SECTIONS, STAGES, stageSchema, type WrittenStage } from "./stage";
import type { Path } from "./problems";
import type { StageName } from "./settings";

/** One key of the project's own namespace, with the path where it stands. */
interface Entry {
  readonly name: string;
  readonly path: Path;
  readonly value: unknown;
}

/** Keys of the project's own namespace: `name`, `project:name` and `project:config:name` are the same to Pulumi. Others' keys are left alone. */
export function ownEntries(config: unknown, project: string): readonly Entry[] {
  if (!isMap(config)) return [];
  return Object.entries(config).flatMap(([key, value]): Entry[] => {
    const parts = key.split(":");
    const own = parts.length === 1 || parts[0] === project;
    const name = parts.length === 3 && parts[1] === "config" ? parts[2] : parts.length === 3 ? undefined : parts.at(-1);
    return own && name !== undefined ? [{ name, path: ["config", key], value }] : [];
  });
}

/** `{ secure: v1:... }`, as `pulumi config set --secret` writes it. */
const isSecure = (value: unknown): boolean =>
  isMap(value) && Object.keys(value).length === 1 && typeof value.secure === "string" && value.secure !== "";

export interface StackArgs {
  readonly project: string;
  readonly stack: string;
  /** The secrets that the description declares; undefined where it could not be read. */
  readonly secrets: Readonly<Record<string, unknown>> | undefined;
}

/** Checks a stack's config. No value but those of the settings is ever shown: it may be a secret under a wrong name. */
export function checkStack(checker: Checker, args: StackArgs): { readonly written: WrittenStage; readonly stage: StageName | undefined } {
  const { project, stack, secrets } = args;
  const data = checker.source.data;
  const config = isMap(data) ? data.config : undefined;
  if (data !== undefined && !isMap(data)) checker.add([], "the file must be a map", "write for example config: {}");
  if (config !== undefined && config !== null && !isMap(config))
    checker.add(["config"], "must be a map", `write for example config: { "${project}:settings": {} }`);
  const entries = ownEntries(config, project);
  const settings = entries.find((entry) => entry.name === "settings");
  for (const entry of entries) if (entry !== settings) checkSecret(checker, entry, args);
  for (const [name, kind] of Object.entries(secrets ?? {}))
    if (kind === "required" && !entries.some((entry) => entry.name === name))
      checker.add(["config", `${project}:${name}`], "the secret has no value for this stack", setSecret(name, stack));
  const written = settings ? checkSettings(checker, settings) : {};
  return { written, stage: stageName(checker, written, settings, project, stack) };
}

const setSecret = (name: string, stack: string): string => `pulumi config set --secret ${name} -s ${stack}`;

function checkSecret(checker: Checker, { name, path, value }: Entry, { secrets, stack, project }: StackArgs): void {
  if (secrets === undefined) return;
  if (secrets[name] === "generate")
    return checker.add(
      path,
      "dockstage makes this secret itself",
      `pulumi config rm ${name} -s ${stack}, or declare it as required in the description`,
    );
  if (!Object.hasOwn(secrets, name)) {
    const required = Object.keys(secrets).filter((one) => secrets[one] === "required");
    return checker.add(
      path,
      "there is no such setting, and no secret of this name is declared",
      nearest(
        name,
        ["settings", ...required].map((one) => `${project}:${one}`.slice(project.length + 1)),
      ),
    );
  }
  if (!isSecure(value))
    checker.add(
      path,
      "the secret stands here in plain text",
      `${setSecret(name, stack)}, and take a new one: whoever could read this file knows the old one`,
    );
}

function checkSettings(checker: Checker, { path, value }: Entry): WrittenStage {
  if (value === null) return {};
  if (isMap(value) && !isSecure(value)) {
    // Section by section, so that a fault in one does not hide another.
    const known = new Set(Object.keys(STAGE_SECTIONS));
    const unknown = Object.fromEntries(Object.entries(value).filter(([key]) => !known.has(key)));
    checker.parse(stageSchema, unknown, path);
    const { stage, web, data, network, debugger: debug, mail } = STAGE_SECTIONS;
    return {
      stage: checker.parse(stage, value.stage, [...path, "stage"]),
      web: checker.parse(web, value.web, [...path, "web"]),
      data: checker.parse(data, value.data, [...path, "data"]),
      network: checker.parse(network, value.network, [...path, "network"]),
      debugger: checker.parse(debug, value.debugger, [...path, "debugger"]),
      mail: checker.parse(mail, value.mail, [...path, "mail"]),
    };
  }
  checker.add(
    path,
    "must be a map",
    "write for example settings: { web: { memory: 512MiB } }, or use pulumi config set --path settings.web.memory 512MiB",
  );
  return {};
}

function stageName(
  checker: Checker,
  written: WrittenStage,
  settings: Entry | undefined,
  project: string,
  stack: string,
): StageName | undefined {
  if (written.stage !== undefined) return written.stage;
  if (isMap(settings?.value) && Object.hasOwn(settings.value, "stage")) return undefined;
  const byName = STAGES.find((stage) => stage === stack);
  if (byName === undefined)
    checker.add(
      [...(settings?.path ?? ["config", `${project}:settings`]), "stage"],
      "is missing, and the stack's name is not a stage's",
      `pulumi config set --path settings.stage dev -s ${stack} (or test, staging, live)`,
    );
  return byName;
}
