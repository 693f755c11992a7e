import { randomUUID } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { packContext, readText } from "./context";
import { copyContext } from "./context-copy";
import type { Archive, Entry } from "./context";
import type { Engine } from "./engine";
import { CA, caBundle, MOUNT, trusting, wholeStore } from "./image-ca";
import { clientEnvironment, clients, run } from "./image-client";
import { statusOf } from "./image-inspect";
import { BuildOutput, redactor } from "./image-progress";
import { Problem } from "./resource";
import type { Context } from "./resource";

export interface BuildRequest {
  readonly entries: readonly Entry[];
  readonly dockerfile: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly platform?: string;
  /** What only BuildKit can do, as image-dockerfile.ts found it. */
  readonly needsBuildKit?: string;
}

export interface Built {
  readonly imageId: string;
  /** Hash of the context as it was sent. */
  readonly context: string;
}

type About = Pick<Context, "name" | "signal" | "log">;

/** Builds through BuildKit where a client can, else through the engine's classic builder. Throws a Problem that shows the failed step. */
export async function build(engine: Engine, request: BuildRequest, ctx: About): Promise<Built> {
  const client = (await clients(engine)).find(({ buildKit }) => buildKit);
  const redact = redactor(Object.values(request.secrets));
  const output = new BuildOutput(redact);
  const line = (text: string): void => {
    const step = output.take(text);
    if (step !== undefined) ctx.log(`building ${ctx.name}: ${step}`, "info", { ephemeral: true });
  };
  ctx.log(`building ${ctx.name}`, "info", { ephemeral: true });
  const built = client ? await withBuildKit(client.command, engine, request, ctx, line) : await classic(engine, request, ctx, line);
  if (built === undefined)
    throw new Problem(`The image ${ctx.name} could not be built${client ? "" : " (classic builder)"} ${output.failure()}`.trimEnd());
  return built;
}

async function withBuildKit(
  command: string,
  engine: Engine,
  request: BuildRequest,
  ctx: About,
  line: (text: string) => void,
): Promise<Built | undefined> {
  // Memory rather than disk where there is such a folder: secrets go through it.
  const folder = fs.mkdtempSync(path.join(fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "dockstage-build-"));
  const folders = [folder];
  // They go in any case, an exit of this process included.
  const remove = (): void => folders.forEach((made) => fs.rmSync(made, { recursive: true, force: true }));
  process.once("exit", remove);
  let archive: Archive | undefined;
  try {
    // A secret of the app's own under that id: then the Dockerfile sees to it itself.
    const ca = Object.hasOwn(request.secrets, CA) ? undefined : caBundle();
    const secrets = { ...request.secrets, ...(ca !== undefined && { [CA]: wholeStore(ca) }) };
    const ids = Object.entries(secrets).map(([id, value], index) => {
      const file = path.join(folder, `secret-${index}`);
      fs.writeFileSync(file, value, { mode: 0o600 });
      return ["--secret", `id=${id},src=${file}`];
    });
    const rewritten = ca === undefined ? undefined : trusting(dockerfileOf(request), request.args);
    let context: string | undefined;
    let place = { dockerfile: request.dockerfile, context: "-" };
    if (rewritten === undefined) archive = packContext(request.entries);
    else {
      // A name of its own each time: BuildKit keeps what it was sent by the folder's name, and the files have no time that would tell.
      const copy = fs.mkdtempSync(path.join(os.tmpdir(), `dockstage-build-${randomUUID()}-`));
      folders.push(copy);
      context = await copyContext(request.entries, copy, ctx.signal);
      place = { dockerfile: path.join(folder, "dockerfile", path.basename(request.dockerfile)), context: copy };
      fs.mkdirSync(path.dirname(place.dockerfile));
      fs.writeFileSync(place.dockerfile, rewritten);
      // What is left out was left out before, by each folder's own rules.
      fs.writeFileSync(`${place.dockerfile}.dockerignore`, "# nothing\n");
    }
    const iid = path.join(folder, "image");
    const args = [
      "build",
      "--progress=plain",
      "--iidfile",
      iid,
      "--file",
      place.dockerfile,
      ...ids.flat(),
      ...Object.entries(request.args).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
      ...(request.target === undefined ? [] : ["--target", request.target]),
      ...(request.platform === undefined ? [] : ["--platform", request.platform]),
      place.context,
    ];
    let contextProblem: unknown;
    archive?.sent.catch((error: unknown) => {
      contextProblem = error;
    });
    const { code } = await run(command, args, {
      env: clientEnvironment(engine),
      signal: ctx.signal,
      ...(archive && { stdin: archive.stream }),
      // As the person wrote it.
      line: (text) => line(rewritten === undefined ? text : text.replaceAll(`${MOUNT} `, "")),
    });
    if (contextProblem instanceof Problem) throw contextProblem;
    if (code !== 0) return undefined;
    return { imageId: fs.readFileSync(iid, "utf8").trim(), context: context ?? (await archive?.sent) ?? "" };
  } finally {
    archive?.stream.destroy();
    process.off("exit", remove);
    remove();
  }
}

function dockerfileOf({ entries, dockerfile }: BuildRequest): string {
  const file = entries.find(({ name }) => name === dockerfile);
  return file ? readText(file.source) : "";
}

const event = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  error: z.string().optional(),
  aux: z.object({ ID: z.string().optional() }).optional(),
});

async function classic(engine: Engine, request: BuildRequest, ctx: About, line: (text: string) => void): Promise<Built | undefined> {
  const secrets = Object.keys(request.secrets);
  const reason = secrets.length > 0 ? `the build secrets ${secrets.join(", ")}` : request.needsBuildKit;
  if (reason !== undefined) {
    throw new Problem(
      `The image ${ctx.name} needs BuildKit for ${reason}, but no docker command on this machine can use it: install Debian's docker.io (its client 20.10 can) or, for a client from 23 on, the plugin docker-buildx.`,
    );
  }
  const { stream, sent } = packContext(request.entries);
  const { dockerfile, args: buildargs, target, platform } = request;
  try {
    const answer = await engine.docker.buildImage(stream, {
      dockerfile,
      buildargs: { ...buildargs },
      target,
      platform,
      rm: true,
      forcerm: true,
      abortSignal: ctx.signal,
    });
    let imageId: string | undefined;
    for await (const text of createInterface({ input: answer })) {
      const said = event.parse(JSON.parse(text));
      for (const part of (said.stream ?? said.error ?? "").split("\n")) if (part !== "") line(part);
      if (said.error !== undefined) return undefined;
      imageId = said.aux?.ID ?? imageId;
    }
    ctx.signal.throwIfAborted();
    return imageId === undefined ? undefined : { imageId, context: await sent };
  } catch (error) {
    ctx.signal.throwIfAborted();
    // A Dockerfile that cannot be read is refused with a status and no output.
    if (statusOf(error) === undefined || !(error instanceof Error)) throw error;
    line(error.message);
    return undefined;
  } finally {
    stream.destroy();
  }
}

/** Gets an image that a build starts from. With a client's credentials where there is a client. */
export async function pull(engine: Engine, reference: string, platform: string | undefined, ctx: About): Promise<void> {
  ctx.log(`building ${ctx.name}: getting ${reference}`, "info", { ephemeral: true });
  const [client] = await clients(engine);
  let reason: string;
  if (client) {
    const args = ["pull", "--quiet", ...(platform === undefined ? [] : ["--platform", platform]), reference];
    const { code, lines } = await run(client.command, args, { env: clientEnvironment(engine), signal: ctx.signal });
    if (code === 0) return;
    reason = lines.slice(-3).join(" ");
  } else {
    try {
      const answer = await engine.docker.pull(reference, { platform, abortSignal: ctx.signal });
      const failed = await new Promise<Error | null>((resolve) => engine.docker.modem.followProgress(answer, resolve));
      ctx.signal.throwIfAborted();
      if (!failed) return;
      reason = failed.message;
    } catch (error) {
      ctx.signal.throwIfAborted();
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw new Problem(
    `The image ${ctx.name} is built from ${reference}, which this engine has not and could not get (${reason}). Get it with \`docker pull ${reference}\`; scripts/setup makes dockstage's own Debian bases where no registry is in reach.`,
  );
}
