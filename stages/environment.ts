import * as pulumi from "@pulumi/pulumi";
import { join, dirname } from "node:path";
import { refusedPassphrase } from "../config/passphrase";
import { ConfigError } from "../config/problems";
import { readSettings } from "../config/reader";
import { dockerPlatform } from "../platforms/docker";
import { notBuilt } from "./matrix";
import { outputsOf, type Outputs } from "./outputs";
import { hostParts, partsOf } from "./plan";
import { realise } from "./realise";

/** The folder that dockstage is installed in. */
const PACKAGE = dirname(__dirname);

/** What is wrong with the files is for a person: without a stack trace of ours. */
function readOrStop(folder: string, stack: string): ReturnType<typeof readSettings> {
  try {
    return readSettings({ folder, stack });
  } catch (error) {
    if (error instanceof ConfigError) throw new pulumi.RunError(error.message);
    throw error;
  }
}

/**
 * The environment program: reads the app's description and the stack's config and makes the stage. Called once, from the index.ts
 * beside Pulumi.yaml.
 *
 * @throws RunError with every problem of the files at once
 */
export function environment(folder: string): Outputs {
  const stack = pulumi.getStack();
  const { settings, folders } = readOrStop(folder, stack);
  if (pulumi.getProject() !== settings.project)
    throw new Error(`Pulumi runs the project "${pulumi.getProject()}", and ${join(folder, "Pulumi.yaml")} is "${settings.project}"`);
  const refused = notBuilt(settings.stage.stage) ?? refusedPassphrase(folder, process.env);
  if (refused) throw new pulumi.RunError(refused);
  const config = new pulumi.Config(settings.project);
  const platform = dockerPlatform({
    project: settings.project,
    stack,
    folders: { app: folders.app, package: PACKAGE },
    pool: settings.stage.network.pool,
    secret: (key) => config.requireSecret(key),
  });
  for (const part of partsOf(settings)) realise(part, platform);
  const outputs = outputsOf(settings, platform);
  platform.announce({
    stage: settings.stage.stage,
    urls: Object.values(outputs.variants).map(({ url }) => url),
    ...(outputs.mail && { mailbox: outputs.mail.inbox }),
  });
  return outputs;
}

/** The host program: what one engine shares among all environments of all apps on it. */
export function host(): { readonly schema: 1; readonly port: pulumi.Output<number> } {
  const platform = dockerPlatform({ project: pulumi.getProject(), stack: pulumi.getStack(), folders: { app: PACKAGE, package: PACKAGE } });
  for (const part of hostParts("127.0.0.1")) realise(part, platform);
  return { schema: 1, port: platform.output("service:demux").apply(Number) };
}
