import fs from "node:fs";
import path from "node:path";
import { z } from "zod";
import { hashContext } from "./context";
import type { Engine } from "./engine";
import { build, pull } from "./image-build";
import { factsOf, inspectImage, statusOf } from "./image-inspect";
import { contentHash, localBases, sourceOf, tagFor } from "./image-source";
import { changed, hasUnknown, isUnknown, known, Problem, UNKNOWN } from "./resource";
import type { Change, Context, Failure, Previewed, Resource } from "./resource";

/**
 * An image: built from sources, or one that is there already.
 *
 * Content decides identity. The content hash covers the files of the context (names, types, execute bits, contents), the
 * Dockerfile's path, arguments, target and platform; the tag's hash also the bases' IDs. What is not in it: where the context
 * lies, times and owners of files, and build secrets.
 */

const inputs = z.object({
  repository: z
    .string()
    .regex(
      /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/,
      "must be an image repository: lower-case letters, digits and . _ - / between them",
    )
    .optional(),
  context: z
    .array(
      z.object({
        path: z.string().refine((folder) => path.isAbsolute(folder), "must be an absolute path"),
        to: z.string().regex(/^(?!\/)(?!(.*\/)?\.\.?(\/|$)).*[^/]$|^$/, 'must be a relative path without . and .., or "" for the root'),
      }),
    )
    .min(1, "must have a folder")
    .optional(),
  dockerfile: z
    .string()
    .regex(/^(?!\/)(?!(.*\/)?\.\.?(\/|$)).*[^/]$/, "must be a path inside the build context, for example Dockerfile")
    .optional(),
  target: z.string().min(1).optional(),
  args: z.record(z.string(), z.string()).optional(),
  secrets: z.record(z.string().regex(/^[\w.-]+$/, "must be an id: letters, digits, _ . -"), z.string()).optional(),
  platform: z
    .string()
    .regex(/^\w+\/\w+(\/\w+)?$/, "must be a platform such as linux/amd64")
    .optional(),
  reference: z.string().min(1).optional(),
});
const computed = z.object({
  contentHash: z.string(),
  imageId: z.string(),
  tag: z.string(),
  bases: z.record(z.string(), z.string()),
  entrypoint: z.array(z.string()),
  command: z.array(z.string()),
  workdir: z.string(),
  uid: z.number(),
  gid: z.number(),
  shell: z.boolean(),
  // A state of an older release has none; it gets them when the image changes, so that nothing shows as a change before.
  volumes: z.array(z.string()).optional(),
});
export type Inputs = z.infer<typeof inputs>;
type Computed = z.infer<typeof computed>;
type State = Inputs & Computed;

/** Inputs that the content hash covers. */
const SOURCES = ["context", "dockerfile", "target", "args", "platform"] as const;

async function referred(reference: string, ctx: Context): Promise<Computed> {
  const engine = await ctx.engine();
  const image = await inspectImage(engine, reference);
  if (!image)
    throw new Problem(
      `reference: the engine has no image ${reference}: get it with \`docker pull ${reference}\`, and check that the name is right`,
    );
  return { contentHash: image.id, tag: reference, bases: {}, ...(await factsOf(engine, image)) };
}

/** Makes sure that the image is there: by its tag, by the ID that the state has, or by a build. */
async function ensured(news: Inputs, state: State | undefined, ctx: Context): Promise<Computed> {
  const { repository = "", platform, args = {}, secrets = {}, target } = news;
  const engine = await ctx.engine();
  const source = sourceOf(news);
  let bases = await localBases(engine, source.bases);
  for (const base of source.bases) if (!Object.hasOwn(bases, base)) await pull(engine, base, platform, ctx);
  bases = await localBases(engine, source.bases);
  const finish = async (hash: string, tag: string, imageId: string, made: boolean): Promise<Computed> => {
    if (made) await tagAs(engine, imageId, tag);
    try {
      const image = await inspectImage(engine, imageId);
      if (!image) throw new Problem(`${tag} was removed from the engine while dockstage looked at it: run it again`);
      return { contentHash: hash, tag, bases, ...(await factsOf(engine, image)) };
    } catch (error) {
      if (made) await untag(engine, tag);
      throw error;
    }
  };
  const hash = contentHash(await hashContext(source.entries), news);
  const tag = tagFor(repository, hash, bases, platform);
  const there = await inspectImage(engine, tag);
  if (there) return finish(hash, tag, there.id, false);
  const untagged = state?.tag === tag ? await inspectImage(engine, state.imageId) : undefined;
  if (untagged) return finish(hash, tag, untagged.id, true);
  const built = await build(engine, { ...source, args, secrets, target, platform }, ctx);
  // By what was sent: a file may have changed since it was hashed.
  const sent = contentHash(built.context, news);
  return finish(sent, tagFor(repository, sent, bases, platform), built.imageId, true);
}

async function tagAs(engine: Engine, imageId: string, tag: string): Promise<void> {
  const at = tag.lastIndexOf(":");
  await engine.docker.getImage(imageId).tag({ repo: tag.slice(0, at), tag: tag.slice(at + 1) });
}

/** Never by ID: other tags, other stacks' among them, may share the image. */
async function untag(engine: Engine, tag: string): Promise<void> {
  try {
    await engine.docker.getImage(tag).remove({ force: true });
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
}

/**
 * Tags that this run of the program has a resource for. A failed deploy can leave an older resource to be deleted whose tag the
 * current one has again, because its content is the same: that tag must stay. A destroy asks for no tag, and takes them all.
 */
const held = new Set<string>();
/** Resources of the program: a refresh asks for a diff of every resource of the state, also of what the program no longer has. */
const asked = new Set<string>();

const hold = (made: Computed): Computed => {
  held.add(made.tag);
  return made;
};

/** The inputs without the secrets, if they are known: a secret that is not known yet (a generated one) decides nothing. */
function sources(news: Previewed<Inputs>): Inputs | undefined {
  const { secrets: _, ...rest } = news;
  return known<Inputs>(rest);
}

async function diffBuild(oldInputs: Inputs, state: State, news: Previewed<Inputs>, ctx: Context): Promise<Change> {
  const unknown = SOURCES.filter((name) => hasUnknown(news[name]));
  const replaces: string[] = [...changed(oldInputs, news, ["repository"]), ...unknown];
  const given = sources(news);
  if (replaces.length > 0 || !given) return { replaces };
  const source = sourceOf(given);
  if (contentHash(await hashContext(source.entries), given) !== state.contentHash)
    return { replaces: ["contentHash", ...changed(oldInputs, given, SOURCES)] };
  const engine = await ctx.engine();
  const bases = await localBases(engine, source.bases);
  // A base that is not on the engine is no reason: the image that was made from it is.
  if (Object.entries(bases).some(([base, id]) => state.bases[base] !== id)) return { replaces: ["bases"] };
  // In place, because the new image gets the same tag, which the deletion of the old one would take away.
  if (asked.has(ctx.urn)) held.add(state.tag);
  return (await inspectImage(engine, state.tag))?.id === state.imageId ? {} : { updates: ["imageId"] };
}

async function checkFolders(news: Previewed<Inputs>): Promise<readonly Failure[]> {
  const context = known<{ path: string; to: string }[]>(news.context);
  const dockerfile = known<string>(news.dockerfile);
  if (!context) return [];
  const failures = context.flatMap((folder, index): Failure[] =>
    fs.statSync(folder.path, { throwIfNoEntry: false })?.isDirectory() === true
      ? []
      : [{ property: `context[${index}].path`, reason: `${folder.path} is not a folder on this machine: correct the path, or create it` }],
  );
  if (failures.length > 0 || dockerfile === undefined) return failures;
  const there = context.some(({ path: root, to }) => {
    const inside = path.posix.relative(to, dockerfile);
    return !inside.startsWith("..") && fs.statSync(path.join(root, inside), { throwIfNoEntry: false })?.isFile() === true;
  });
  if (there) return [];
  return [
    {
      property: "dockerfile",
      reason: `there is no ${dockerfile} in the build context (${context.map((folder) => folder.path).join(", ")}): correct the path, which is relative to the context, or create the file`,
    },
  ];
}

export const resource: Resource<Inputs, Computed> = {
  inputs,
  computed,
  outputs: ["contentHash", "imageId", "tag", "bases", "entrypoint", "command", "workdir", "uid", "gid", "shell", "volumes"],

  async check(news, _olds, ctx) {
    asked.add(ctx.urn);
    if (news.reference !== undefined) {
      return (["repository", "context", "dockerfile", "target", "args", "secrets"] as const)
        .filter((property) => news[property] !== undefined)
        .map((property) => ({ property, reason: "belongs to a build and cannot stand beside `reference`: leave one of the two out" }));
    }
    const missing = (["repository", "context", "dockerfile"] as const).filter((property) => news[property] === undefined);
    if (missing.length > 0)
      return missing.map((property) => ({
        property,
        reason: "is missing: a build needs repository, context and dockerfile; an image that exists needs only `reference`",
      }));
    return checkFolders(news);
  },

  async diff(_id, oldInputs, state, news, ctx) {
    if ((oldInputs.reference === undefined) !== (news.reference === undefined)) return { replaces: ["reference"] };
    if (news.reference === undefined) return diffBuild(oldInputs, state, news, ctx);
    const reference = known<string>(news.reference);
    if (reference === undefined) return { updates: ["reference"] };
    // An image that is gone is a change too: the update says how to get it.
    const id = (await inspectImage(await ctx.engine(), reference))?.id;
    return id === state.imageId && reference === oldInputs.reference ? {} : { updates: [id === state.imageId ? "reference" : "imageId"] };
  },

  async preview(news, state, ctx) {
    const unknown: Previewed<Computed> = {
      contentHash: UNKNOWN,
      imageId: UNKNOWN,
      tag: UNKNOWN,
      bases: UNKNOWN,
      entrypoint: UNKNOWN,
      command: UNKNOWN,
      workdir: UNKNOWN,
      uid: UNKNOWN,
      gid: UNKNOWN,
      shell: UNKNOWN,
      volumes: UNKNOWN,
    };
    const given = sources(news);
    if (!given || isUnknown(news.repository)) return unknown;
    const engine = await ctx.engine();
    const seen = async (about: Previewed<Computed>, image: string): Promise<Previewed<Computed>> => {
      const there = await inspectImage(engine, image);
      if (!there) return about;
      const { entrypoint, command, workdir, volumes } = there;
      const same = state?.imageId === there.id ? { uid: state.uid, gid: state.gid, shell: state.shell } : {};
      return { ...about, imageId: there.id, entrypoint, command, workdir, volumes, ...same };
    };
    if (given.reference !== undefined) return seen({ ...unknown, tag: given.reference, bases: {} }, given.reference);
    const source = sourceOf(given);
    const hash = contentHash(await hashContext(source.entries), given);
    const bases = await localBases(engine, source.bases);
    if (source.bases.some((base) => !Object.hasOwn(bases, base))) return { ...unknown, contentHash: hash };
    const tag = tagFor(given.repository ?? "", hash, bases, given.platform);
    const outcome = await seen({ ...unknown, contentHash: hash, tag, bases }, tag);
    return isUnknown(outcome.imageId) && state?.tag === tag ? seen(outcome, state.imageId) : outcome;
  },

  async create(news, ctx) {
    const made = news.reference === undefined ? await ensured(news, undefined, ctx) : await referred(news.reference, ctx);
    return { id: made.tag, computed: hold(made) };
  },

  async update(_id, state, news, ctx) {
    return hold(await (news.reference === undefined ? ensured(news, state, ctx) : referred(news.reference, ctx)));
  },

  async read(_id, state, ctx) {
    const engine = await ctx.engine();
    const tagged = await inspectImage(engine, state.tag);
    // An image that lost its tag is there still: diff sees it, and the update tags it again.
    const image = tagged ?? (state.reference === undefined ? await inspectImage(engine, state.imageId) : undefined);
    if (!image) return undefined;
    const { contentHash: hash, tag, bases } = state;
    const { imageId, entrypoint, command, workdir, uid, gid, shell, volumes } = state;
    const facts =
      image.id === imageId
        ? { imageId, entrypoint, command, workdir, uid, gid, shell, ...(volumes && { volumes }) }
        : await factsOf(engine, image);
    return { contentHash: state.reference === undefined ? hash : image.id, tag, bases, ...facts };
  },

  async delete(_id, state, ctx) {
    if (state.reference === undefined && !held.has(state.tag)) await untag(await ctx.engine(), state.tag);
  },
};
