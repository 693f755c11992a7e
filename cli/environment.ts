import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { variables } from "./machine";
import { isCalled, isService, objectsOn, type EngineContainer } from "./objects";
import { CommandFailed, type Target } from "./pulumi";
import { WrongUse, type Call } from "./verb";

/** Project and stack names, as config/description.ts has them. */
const NAME = /^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/;
const Project = z.object({ name: z.string().regex(NAME) });

/** The name of the project in a folder. */
function projectIn(folder: string): string {
  const file = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) throw new CommandFailed(`there is no Pulumi.yaml in ${folder}: go to the app's folder, or name it with --folder`);
  const read = Project.safeParse(parse(readFileSync(file, "utf8")));
  if (!read.success) throw new CommandFailed(`${file} has no name that dockstage takes: write for example name: portal`);
  return read.data.name;
}

/** The environment that a call means: the stack that it names, of the app in its folder. `host` is the host program. */
export function environmentOf({ folder, env }: Pick<Call, "folder" | "env">, stack = "dev"): Target {
  if (stack === "host") return (require("./up") as typeof import("./up")).hostTarget(variables(env));
  if (!NAME.test(stack)) throw new WrongUse(`"${stack}" is no name of a stack, which has the letters a-z, 0-9 and -, at most 24`);
  const absolute = resolve(folder);
  return { folder: absolute, project: projectIn(absolute), stack, env: variables(env) };
}

/** What a person calls an environment. */
export const nameOf = ({ project, stack }: Pick<Target, "project" | "stack">): string => `${project} ${stack}`;

/**
 * The containers of an environment's services, or of the one that is named; the name of each component where the name is unknown.
 *
 * @throws CommandFailed where the environment has no containers, or none of that name
 */
export async function servicesOf(target: Target, name?: string): Promise<readonly EngineContainer[]> {
  const services = (await objectsOn(target.env, target)).containers.filter(isService);
  if (services.length === 0)
    throw new CommandFailed(`${nameOf(target)} has no containers on this engine: bring it up with "dockstage up ${target.stack}"`);
  if (name === undefined) return services;
  const found = services.filter((container) => isCalled(container, name));
  if (found.length > 0) return found;
  const known = [...new Set(services.map(({ component }) => component))].sort();
  throw new CommandFailed(`${nameOf(target)} has no component "${name}"; it has: ${known.join(", ")}`);
}
