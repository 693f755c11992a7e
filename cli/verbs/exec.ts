import { z } from "zod";
import { interactive, onTerminal } from "../client";
import { ask } from "../engine";
import { environmentOf, nameOf, servicesOf } from "../environment";
import { hasFile, type EngineContainer } from "../objects";
import { CommandFailed } from "../pulumi";
import type { Call } from "../verb";

/** Where the platform puts files into a container (platforms/docker-container.ts). */
const FILES = "/run/dockstage";
const Inspected = z.object({ Config: z.object({ Entrypoint: z.array(z.string()).nullish() }) });

/** A shell for a person: bash where there is one. */
const SHELL = ["/bin/sh", "-c", "command -v bash >/dev/null && exec bash || exec sh"];

/**
 * The words that run a command as the container's own program would run: behind the entrypoint that makes variables of secret files,
 * where the container has it.
 */
async function wordsFor(
  { id, component }: EngineContainer,
  command: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const inspected = Inspected.parse(await ask("GET", `/containers/${id}/json`, env));
  const entrypoint = `${FILES}/entrypoint`;
  const shell = await hasFile(id, "/bin/sh", env);
  if (!shell && command.length === 0)
    throw new CommandFailed(
      `the image of ${component} has no shell: name a program that is in it, for example "dockstage exec ${component} -- /path/to/program"`,
    );
  if (!shell && (await hasFile(id, `${FILES}/env`, env)))
    process.stderr.write(
      `dockstage: the image of ${component} has no /bin/sh, so that its secrets are no variables of this command: they are files in ${FILES}/env\n`,
    );
  const words = command.length > 0 ? command : SHELL;
  return inspected.Config.Entrypoint?.[1] === entrypoint ? ["/bin/sh", entrypoint, ...words] : words;
}

/** `dockstage exec [component] -- command...`. Exit code: the command's. */
export async function run({ arguments: [component = "web"], rest, value, ...call }: Call): Promise<number> {
  const target = environmentOf(call, value("stack"));
  const containers = await servicesOf(target, component);
  // While an update is under way the older one serves.
  const running = containers.filter(({ state }) => state === "running").sort((a, b) => a.created - b.created);
  const container = running.find(({ health }) => health === "healthy") ?? running[0];
  if (!container)
    throw new CommandFailed(
      `${component} of ${nameOf(target)} does not run (${containers[0]?.status ?? "gone"}): see "dockstage logs ${component}"`,
    );
  const words = await wordsFor(container, rest, target.env);
  return onTerminal("docker", ["exec", ...interactive(), container.id, ...words], target.env);
}
