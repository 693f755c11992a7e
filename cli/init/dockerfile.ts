import { join, posix } from "node:path";
import { DockerfileParser, type From, type Instruction } from "dockerfile-ast";
import { healthPath } from "./compose";
import { textOf, type Findings } from "./findings";

/** A stage of the Dockerfile, with its instructions. */
interface Stage {
  readonly from: From;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
}

const PRODUCTION = /^(prod|production|runtime|runner|final|release|app)$/i;
const OTHER = /dev|test|debug|lint|ci/i;
const WEB_PORTS = [8080, 80, 3000, 8000, 5000, 4000, 9292];

function stagesOf(text: string): readonly Stage[] {
  const stages: { from: From; name: string | null; instructions: Instruction[] }[] = [];
  const file = DockerfileParser.parse(text);
  const froms = new Map(file.getFROMs().map((from) => [from.getRange().start.line, from]));
  for (const instruction of file.getInstructions()) {
    const from = froms.get(instruction.getRange().start.line);
    if (from) stages.push({ from, name: from.getBuildStage(), instructions: [] });
    else stages.at(-1)?.instructions.push(instruction);
  }
  return stages;
}

/** A stage and those that it starts from, itself first. */
function lineage(stages: readonly Stage[], stage: Stage | undefined): readonly Stage[] {
  if (!stage) return [];
  const image = stage.from.getImage();
  const before = stages.slice(0, stages.indexOf(stage)).find(({ name }) => name !== null && name === image);
  return [stage, ...lineage(stages, before)];
}

const words = (instruction: Instruction): string => (instruction.getArgumentsContent() ?? "").replace(/\\\r?\n/g, " ").trim();

function listOf(text: string): readonly string[] {
  if (!text.startsWith("[")) return text.split(/\s+/);
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.map(String) : [];
  } catch {
    return [];
  }
}

/**
 * Reads the Dockerfile that `build` names, else the one in the folder.
 *
 * @returns what an image from it serves: HTTP as far as is known, or FastCGI only; undefined where there is no Dockerfile
 */
export function readDockerfile(folder: string, found: Findings): "http" | "fpm" | undefined {
  const context = found.text("build", "context") ?? ".";
  const name = found.text("build", "dockerfile") ?? "Dockerfile";
  const file = posix.join(context, name);
  const text = textOf(join(folder), file);
  if (text === undefined) return undefined;
  found.add(["build", "context"], context, file);
  const stages = stagesOf(text);
  const last = stages.at(-1);
  const wanted = found.value("build", "target");
  const better =
    last?.name && OTHER.test(last.name) ? stages.find((stage) => stage.name !== null && PRODUCTION.test(stage.name)) : undefined;
  if (wanted === undefined && better)
    found.add(["build", "target"], better.name ?? undefined, `${file}: the last stage, ${last?.name}, is not for LIVE`);
  const target = stages.find((stage) => stage.name === (wanted ?? better?.name)) ?? last;
  const line = lineage(stages, target);
  const all = (keyword: string): readonly Instruction[] =>
    line.flatMap(({ instructions }) => instructions.filter((one) => one.getKeyword() === keyword).reverse());
  const at = (instruction: Instruction): string => `${file}:${instruction.getRange().start.line + 1} ${instruction.getKeyword()}`;

  const exposed = all("EXPOSE").flatMap((instruction) =>
    words(instruction)
      .split(/\s+/)
      .map((port) => ({ port: Number(port.replace(/\/tcp$/, "")), from: at(instruction) }))
      .filter(({ port }) => Number.isInteger(port) && port > 0),
  );
  const base = line.at(-1)?.from;
  const fpm = /(^|[-_:/])fpm/.test(`${base?.getImage() ?? ""}`) && exposed.every(({ port }) => port === 9000);
  const web =
    WEB_PORTS.map((port) => exposed.find((one) => one.port === port)).find((one) => one) ??
    exposed.find(({ port }) => port !== 443 && port !== 9000);
  if (web) found.add(["web", "port"], web.port, web.from);
  const [probe] = all("HEALTHCHECK");
  if (probe) found.add(["web", "health"], healthPath(words(probe)), at(probe));
  for (const volume of all("VOLUME")) for (const path of listOf(words(volume))) found.add(["writable", path], "data", at(volume));
  const [user] = all("USER");
  if (!user) found.hints.push(`${file} has no USER: if the image's default is root, the app runs as root`);
  readArguments(text, file, found);
  return fpm ? "fpm" : "http";
}

/** Arguments without a default that nobody gives a value. */
function readArguments(text: string, file: string, found: Findings): void {
  const args = DockerfileParser.parse(text).getARGs();
  const defaults = new Set(args.flatMap((arg) => (arg.getProperty()?.getValue() != null ? [arg.getProperty()?.getName()] : [])));
  const own = /^(TARGET|BUILD)(PLATFORM|OS|ARCH|VARIANT)$|_proxy$|^(HTTP|HTTPS|FTP|NO|ALL)_PROXY$/;
  for (const arg of args) {
    const name = arg.getProperty()?.getName() ?? "";
    if (name === "" || defaults.has(name) || own.test(name) || found.line("build", "args", name)) continue;
    found.leave(
      `${file}:${arg.getRange().start.line + 1} ARG ${name}`,
      `it has no default: if the build needs it, write build: { args: { ${name}: ... } }`,
    );
  }
}
