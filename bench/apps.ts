import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scope } from "../plan/names";
import { Sandbox } from "../tests/support/sandbox";
import type { Command } from "./measure";

const command = (sandbox: Sandbox, ...args: string[]): Command => ({
  args: ["pulumi", ...args, "--non-interactive", "--stack", "dev"],
  cwd: sandbox.app,
  env: sandbox.env,
});

export const up = (sandbox: Sandbox): Command => command(sandbox, "up", "--yes", "--skip-preview");
export const preview = (sandbox: Sandbox): Command => command(sandbox, "preview");
export const refresh = (sandbox: Sandbox): Command => command(sandbox, "refresh", "--yes", "--skip-preview");
export const down = (sandbox: Sandbox): Command => command(sandbox, "destroy", "--yes", "--skip-preview");

/** The example under a name of its own, in a folder with a state of its own. */
export async function guestbook(): Promise<Sandbox> {
  const sandbox = new Sandbox("bench");
  sandbox.copy("examples/guestbook");
  const description = readFileSync(join(sandbox.app, "dockstage.yaml"), "utf8");
  sandbox.write("dockstage.yaml", description.replace(/^name: .*$/m, `name: ${sandbox.project}`));
  await sandbox.init();
  return sandbox;
}

/** A program that makes nothing, started as dockstage's are: what Pulumi itself takes. */
export async function empty(): Promise<Sandbox> {
  const sandbox = new Sandbox("bench-empty");
  sandbox.write("index.ts", "export = {};\n");
  await sandbox.init();
  return sandbox;
}

/** Keeps a stage's images while it is destroyed, as on a machine that has had it up before. Returns what gives them back their tags. */
export async function keepImages(sandbox: Sandbox): Promise<{
  /** The name under which the first image is kept whose tag fits. */
  first(tag: RegExp): string;
  restore(): Promise<void>;
  remove(): Promise<void>;
}> {
  const prefix = `${scope(sandbox.project, "dev")}/`;
  const images = await sandbox.engine.listImages();
  const tags = images.flatMap(({ RepoTags }) => (RepoTags ?? []).filter((tag) => tag.startsWith(prefix)));
  const kept = tags.map((tag) => ({ tag, repo: tag.slice(0, tag.lastIndexOf(":")), version: tag.slice(tag.lastIndexOf(":") + 1) }));
  for (const { tag, repo, version } of kept) await sandbox.engine.getImage(tag).tag({ repo: `bench-kept-${repo}`, tag: version });
  return {
    first(wanted) {
      const found = kept.find(({ tag }) => wanted.test(tag));
      if (!found) throw new Error(`no image's tag fits ${String(wanted)}: ${tags.join(", ")}`);
      return `bench-kept-${found.repo}:${found.version}`;
    },
    async restore() {
      for (const { repo, version } of kept) await sandbox.engine.getImage(`bench-kept-${repo}:${version}`).tag({ repo, tag: version });
    },
    async remove() {
      for (const { repo, version } of kept) await sandbox.engine.getImage(`bench-kept-${repo}:${version}`).remove();
    },
  };
}
