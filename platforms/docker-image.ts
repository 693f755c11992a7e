import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { scope } from "../plan/names";
import type { ImageRecord } from "../plan/records";
import { Image } from "../provider/resources";
import type { DockerContext } from "./docker-context";
import type { Owner } from "./platform";

const TOOLS: ImageRecord["source"] = {
  from: "build",
  context: [{ path: "package:images/tools", to: "" }],
  dockerfile: "Dockerfile",
  args: {},
  secrets: {},
};

/** One for all that name it, made by the first: an environment may have many services of one image. */
function readyImage(at: DockerContext, name: string, reference: string, { parent }: Partial<Owner>): Image {
  const there = at.ready.get(reference);
  if (there) return there;
  const pulled = new docker.RemoteImage(name, { name: reference, keepLocally: true }, { parent });
  const image = new Image(name, { reference: pulled.imageId }, { parent });
  at.ready.set(reference, image);
  return image;
}

export function makeImage(at: DockerContext, name: string, source: ImageRecord["source"], { parent }: Partial<Owner>): Image {
  if (source.from === "reference") {
    at.references.set(name, source.reference);
    return readyImage(at, name, source.reference, { parent });
  }
  const context = source.context.map(({ path, to }) => ({ path: at.path(path), to }));
  const repository = `${scope(at.args.project, at.args.stack)}/${name}`;
  if (source.from === "derive") {
    const base = at.handle("image", source.base);
    // A ready image by its reference: BuildKit looks for an ID in a registry.
    const reference = at.references.get(source.base.slice("image:".length));
    const args = { BASE: reference ?? base.tag, BASE_USER: pulumi.interpolate`${base.uid}:${base.gid}` };
    return new Image(name, { repository, context, dockerfile: source.dockerfile, args: pulumi.output(args) }, { parent });
  }
  const secrets = Object.entries(source.secrets).map(([id, ref]) => [id, at.handle("secret", ref)] as const);
  return new Image(
    name,
    {
      repository,
      context,
      dockerfile: source.dockerfile,
      args: { ...source.args },
      ...(source.target && { target: source.target }),
      ...(secrets.length > 0 && { secrets: pulumi.output(Object.fromEntries(secrets)) }),
    },
    { parent },
  );
}

/** The image of the platform's own small jobs, made when the first one is needed. */
export function tools(at: DockerContext): Image {
  // The stack's own: whoever needs it first must not own it.
  return (at.toolsImage ??= makeImage(at, "tools", TOOLS, {}));
}
