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

export function makeImage(at: DockerContext, name: string, source: ImageRecord["source"], { parent }: Partial<Owner>): Image {
  if (source.from === "reference") {
    const pulled = new docker.RemoteImage(name, { name: source.reference, keepLocally: true }, { parent });
    at.references.set(name, source.reference);
    return new Image(name, { reference: pulled.imageId }, { parent });
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
