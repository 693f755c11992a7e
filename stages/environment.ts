import * as pulumi from "@pulumi/pulumi";
import { join, dirname } from "node:path";
import { App } from "../components/app";
import { AppImage } from "../components/app-image";
import { Companion } from "../components/companion";
import { Database } from "../components/database";
import { DatabaseVolume } from "../components/database-volume";
import { Demux } from "../components/demux";
import { FilesVolume } from "../components/files-volume";
import { Networks } from "../components/networks";
import { Secrets } from "../components/secrets";
import { readSettings } from "../config/reader";
import { dockerPlatform } from "../platforms/docker";
import type { Platform } from "../platforms/platform";
import { notBuilt } from "./matrix";
import { outputsOf, type Outputs } from "./outputs";
import { hostParts, partsOf, type Part } from "./plan";

/** The folder that dockstage is installed in. */
const PACKAGE = dirname(__dirname);

/** Makes one component of the plan. */
function realise(part: Part, platform: Platform): pulumi.ComponentResource {
  const { name } = part;
  switch (part.type) {
    case "Networks":
      return new Networks(name, { ...part.args, platform });
    case "Secrets":
      return new Secrets(name, { ...part.args, platform });
    case "Demux":
      return new Demux(name, { ...part.args, platform });
    case "DatabaseVolume":
      return new DatabaseVolume(name, { ...part.args, platform });
    case "Database":
      return new Database(name, { ...part.args, platform });
    case "Companion":
      return new Companion(name, { ...part.args, platform });
    case "AppImage":
      return new AppImage(name, { ...part.args, platform });
    case "FilesVolume":
      return new FilesVolume(name, { ...part.args, platform });
    case "App":
      return new App(name, { ...part.args, platform });
    default:
      return part satisfies never;
  }
}

/**
 * The environment program: reads the app's description and the stack's config and makes the stage. Called once, from the index.ts
 * beside Pulumi.yaml.
 *
 * @throws ConfigError with every problem of the files at once
 */
export function environment(folder: string): Outputs {
  const stack = pulumi.getStack();
  const { settings, folders } = readSettings({ folder, stack });
  if (pulumi.getProject() !== settings.project)
    throw new Error(`Pulumi runs the project "${pulumi.getProject()}", and ${join(folder, "Pulumi.yaml")} is "${settings.project}"`);
  const refused = notBuilt(settings.stage.stage);
  if (refused) throw new Error(refused);
  const config = new pulumi.Config(settings.project);
  const platform = dockerPlatform({
    project: settings.project,
    stack,
    folders: { app: folders.app, package: PACKAGE },
    pool: settings.stage.network.pool,
    secret: (key) => config.requireSecret(key),
  });
  for (const part of partsOf(settings)) realise(part, platform);
  return outputsOf(settings, platform);
}

/** The host program: what one engine shares among all environments of all apps on it. */
export function host(): { readonly schema: 1; readonly port: pulumi.Output<number> } {
  const platform = dockerPlatform({ project: pulumi.getProject(), stack: pulumi.getStack(), folders: { app: PACKAGE, package: PACKAGE } });
  for (const part of hostParts("127.0.0.1")) realise(part, platform);
  return { schema: 1, port: platform.output("service:demux").apply(Number) };
}
