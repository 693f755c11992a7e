import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Mount, Run, VolumeRecord } from "../plan/records";
import { Files, Job, Stamp } from "../provider/resources";
import { FILES } from "./docker-container";
import type { DockerContext, Handles } from "./docker-context";
import { tools } from "./docker-image";
import type { Owner } from "./platform";

/** `pulumi import` without `--parent` puts it directly under the stack. */
const imported = { parent: pulumi.rootStackResource };

export function makeVolume(at: DockerContext, record: VolumeRecord, owner: Owner): Handles["volume"] {
  const { parent } = owner;
  const labels = at.labels(record);
  const name = at.physical(record.name);
  const { token: stamp, adopted } = new Stamp(
    `${record.name}-stamp`,
    {
      volume: name,
      labels,
      ...(record.disposable && { disposable: true }),
      ...(record.adopting !== undefined && { adopting: record.adopting }),
    },
    { parent, aliases: [imported] },
  );
  const volume = new docker.Volume(
    record.name,
    {
      name,
      labels: [...Object.entries(labels).map(([label, value]) => ({ label, value })), { label: "dockstage.stamp", value: stamp }],
    },
    // A replaced volume is lost data: what may differ between releases of dockstage must not replace it.
    {
      parent,
      protect: record.protect,
      retainOnDelete: record.protect,
      ignoreChanges: ["labels", "driverOpts"],
      dependsOn: [...at.first],
      aliases: [imported],
    },
  );
  if (!record.owner) return { name: volume.name, stamp, adopted, ready: volume };
  const foreign = "image" in record.owner ? { image: at.handle("image", record.owner.image), path: record.owner.path } : undefined;
  const owned = "image" in record.owner ? at.handle("image", record.owner.image) : record.owner;
  const ready = makeTool(at, `${record.name}-owner`, owner, {
    command: pulumi
      .all([owned.uid, owned.gid])
      .apply(([uid, gid]) => ["open-volume", "/volume", String(uid), String(gid), ...(foreign ? ["keep"] : [])]),
    ...(foreign && { fill: { image: foreign.image.imageId, path: at.inside(foreign.image, foreign.path) } }),
    trigger: pulumi.all([stamp, owned.uid, owned.gid]).apply((values) => values.map(String)),
    mount: { type: "volume", source: volume.name, target: "/volume", readOnly: false },
    labels,
  });
  return { name: volume.name, stamp, adopted, ready };
}

/** A job of the platform's own: as root, with what it takes to hand files over and nothing else. */
export function makeTool(
  at: DockerContext,
  name: string,
  owner: Owner,
  args: {
    command: pulumi.Input<string[]>;
    trigger: pulumi.Input<string[]>;
    mount: pulumi.Input<{ type: "volume" | "bind"; source: pulumi.Input<string>; target: string; readOnly: boolean }>;
    labels: Record<string, string>;
    fill?: { image: pulumi.Input<string>; path: pulumi.Input<string> };
  },
): Job {
  const { parent } = owner;
  const image = tools(at);
  return new Job(
    name,
    {
      job: name,
      trigger: args.trigger,
      image: image.imageId,
      entrypoint: image.entrypoint,
      command: args.command,
      env: {},
      user: "0:0",
      networks: [],
      mounts: pulumi.output(args.mount).apply((mount) => [mount]),
      scratch: [],
      readOnlyRoot: true,
      capabilities: ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
      memoryMiB: 128,
      cpus: 1,
      timeoutSeconds: 600,
      labels: args.labels,
      ...(args.fill && { fill: pulumi.output(args.fill) }),
    },
    { parent },
  );
}

/** The volume with a run's secrets and files; runs of one image with the same ones share it. */
export function makeFiles(
  at: DockerContext,
  name: string,
  run: Run,
  owner: Owner,
  labels: Record<string, string>,
): pulumi.Output<string> | undefined {
  if (run.secrets.length === 0 && Object.keys(run.files).length === 0) return undefined;
  const key = JSON.stringify([run.image, run.user, run.secrets, run.files]);
  const made = at.filesOf.get(key);
  if (made) return made.volume;
  const image = at.handle("image", run.image);
  // The name must not depend on which run of the image comes first.
  const ofImage = `${run.image.slice("image:".length)}-files`;
  const resourceName = [...at.filesOf.values()].some(({ name: taken }) => taken === ofImage) ? `${name}-files` : ofImage;
  const [uid, gid] = run.user ? run.user.split(":").map(Number) : [image.uid, image.gid];
  // A daemon that starts as root reads its files again after it dropped to its user.
  const mode = pulumi.output(uid ?? 0).apply((id) => (id === 0 ? "0444" : "0400"));
  const secrets = run.secrets.map(({ secret, as }) => ({
    path: "env" in as ? `env/${as.env}` : `secrets/${as.file}`,
    content: at.handle("secret", secret),
    mode,
  }));
  const files = Object.entries(run.files).map(([file, ref]) => {
    const { content, executable } = at.handle("file", ref);
    return { path: `files/${file}`, content: pulumi.output(content), mode: pulumi.output(executable ? "0555" : "0444") };
  });
  const entrypoint = run.secrets.some(({ as }) => "env" in as)
    ? [
        {
          path: "entrypoint",
          content: pulumi.output(readFileSync(join(at.args.folders.package, "images/env/entrypoint"), "utf8")),
          mode: pulumi.output("0444"),
        },
      ]
    : [];
  const all = [...secrets, ...files, ...entrypoint];
  const variables = run.secrets.flatMap(({ as }) => ("env" in as ? [as.env] : []));
  if (variables.length > 0) void image.shell.apply((shell) => (shell ? undefined : warnOf(image, variables)));
  const volume = new Files(
    resourceName,
    {
      prefix: at.physical(name),
      files: pulumi.secret(Object.fromEntries(all.map(({ path, content, mode: bits }) => [path, { content, mode: bits }]))),
      uid: uid ?? 0,
      gid: gid ?? 0,
      image: image.imageId,
      labels,
    },
    // By the leases in its state a stack knows what a run that was cut off has left as its own.
    { parent: owner.parent, dependsOn: [...at.first] },
  );
  at.filesOf.set(key, { name: resourceName, volume: volume.volume });
  return volume.volume;
}

const warnOf = (image: pulumi.Resource, variables: readonly string[]): Promise<void> =>
  pulumi.log.warn(
    `there is no /bin/sh in this image, which handing secrets over as variables takes: its programs find ${variables.join(", ")} only as files in ${FILES}/env`,
    image,
  );

/** Mounts as the engine takes them, and what must be done before they are used. */
export function mountsOf(
  at: DockerContext,
  { name, image, mounts }: Run & { readonly name: string },
  owner: Owner,
): {
  list: { type: "volume" | "bind"; source: pulumi.Input<string>; target: pulumi.Input<string>; readOnly: boolean }[];
  ready: pulumi.Resource[];
} {
  const ready: pulumi.Resource[] = [];
  const list = mounts.map((mount) => {
    const { readOnly } = mount;
    const target = at.inside(at.handle("image", image), mount.path);
    if (!("folders" in mount)) {
      const volume = at.handle("volume", mount.from);
      ready.push(volume.ready);
      return { type: "volume" as const, source: volume.name, target, readOnly };
    }
    const source = at.path(mount.from);
    if (mount.openFor !== undefined || mount.folders.length > 0) ready.push(openSource(at, name, source, mount, owner));
    return { type: "bind" as const, source, target, readOnly };
  });
  return { list, ready };
}

export function openSource(
  at: DockerContext,
  name: string,
  source: string,
  mount: Extract<Mount, { folders: readonly string[] }>,
  owner: Owner,
): Job {
  const words = [String(mount.openFor ?? ""), ...mount.folders];
  const key = JSON.stringify([source, words]);
  const first = at.opened.size === 0 ? "source" : `${name}-source`;
  const job =
    at.opened.get(key) ??
    makeTool(at, first, owner, {
      command: ["open-source", "/source", ...words],
      trigger: words,
      mount: { type: "bind", source, target: "/source", readOnly: false },
      labels: at.labels({ name: first }),
    });
  at.opened.set(key, job);
  return job;
}
