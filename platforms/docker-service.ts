import { createHash } from "node:crypto";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { slug } from "../plan/names";
import type { JobRecord, Ref, RouteRecord, ServiceRecord } from "../plan/records";
import { Generation, Job, Lease, Ready, Route } from "../provider/resources";
import { argv, containerArgs, selfArgs, FILES, inMemory, type Bound } from "./docker-container";
import type { DockerContext, Handles } from "./docker-context";
import { tools } from "./docker-image";
import { makeFiles, mountsOf } from "./docker-storage";
import { warnOfVolumes } from "./docker-volumes";
import type { Owner } from "./platform";

/**
 * What comes before a record. A job waits until services are ready; a service does not wait for the time in which one without a probe
 * shows that it keeps running.
 */
export function resourcesOf(at: DockerContext, refs: readonly Ref[], services: "started" | "ready" = "ready"): pulumi.Resource[] {
  return refs.flatMap((ref): pulumi.Resource[] => {
    if (ref.startsWith("service:")) return at.handle("service", ref)[services];
    if (ref.startsWith("job:")) return [at.handle("job", ref)];
    if (ref.startsWith("volume:")) return [at.handle("volume", ref).ready];
    return [];
  });
}

export function makeService(at: DockerContext, record: ServiceRecord, owner: Owner): Handles["service"] {
  const { parent } = owner;
  const physical = at.physical(record.name);
  const image = at.handle("image", record.image);
  const labels = at.labels(record);
  const mounts = mountsOf(at, record, owner);
  const files = makeFiles(at, record.name, record, owner, labels);
  warnOfVolumes(at, record);
  const leases = record.publish.map(
    (publish) =>
      new Lease(
        `${record.name}-${publish.lease}-port`,
        {
          holder: `${at.args.project}/${at.args.stack}/${publish.lease}`,
          port: { address: publish.address, from: publish.range[0], to: publish.range[1] },
        },
        { parent },
      ),
  );
  const bound: Bound = {
    image,
    ...(files && { files }),
    volumes: [
      ...record.scratch.filter((path) => !inMemory(path)).map((path) => ({ containerPath: at.inside(image, path) })),
      ...mounts.list.map(({ type, source, target, readOnly }) => ({
        containerPath: target,
        readOnly,
        ...(type === "volume" ? { volumeName: source } : { hostPath: source }),
      })),
    ],
    networks: record.networks.map(({ network, aliases }) => ({ id: at.handle("network", network), aliases })),
    labels,
    ports: record.publish.map((publish, at) => ({
      internal: publish.containerPort,
      external: leases[at]?.value.apply(Number) ?? 0,
      ip: publish.address,
      protocol: "tcp",
    })),
  };
  const args = containerArgs(record, bound);
  const generation = new Generation(
    `${record.name}-generation`,
    {
      definition: pulumi.output(args).apply((definition) => createHash("sha256").update(JSON.stringify(definition)).digest("hex")),
      replicas: record.replicas,
    },
    { parent },
  );
  // No other generation has this name, so that the door never sends a request to containers that are not ready yet.
  const upstream = pulumi.interpolate`${slug(record.name)}-${generation.token}`;
  const dependsOn = [...mounts.ready, ...resourcesOf(at, record.after, "started")];
  const containers = Array.from(
    { length: record.replicas },
    (_, at) =>
      new docker.Container(
        at === 0 ? physical : `${physical}-${at + 1}`,
        {
          ...args,
          networksAdvanced: bound.networks.map(({ id, aliases }) => ({ name: id, aliases: [...aliases, upstream] })),
          labels: [
            ...Object.entries(labels).map(([label, value]) => ({ label, value })),
            { label: "dockstage.generation", value: generation.token },
          ],
        },
        { parent, dependsOn, deleteBeforeReplace: record.update === "stop-first", replaceOnChanges: ["healthcheck", "tmpfs", "init"] },
      ),
  );
  const ids = containers.map((container) => container.id);
  const ready = [makeReady(at, record, containers, owner)];
  const self = record.self?.forward ? [makeSelf(at, { ...record, self: record.self }, containers, ready, labels, owner)].flat() : [];
  const started = record.health ? ready : containers;
  return {
    ids,
    upstream,
    started,
    ready: [...ready, ...self],
    ...(leases[0] && { port: leases[0].value }),
  };
}

export function makeReady(at: DockerContext, record: ServiceRecord, containers: readonly docker.Container[], { parent }: Owner): Ready {
  const probe = record.health?.probe;
  const http = probe && "http" in probe ? probe.http : undefined;
  const from = http && at.handle("service", http.from);
  return new Ready(
    `${record.name}-ready`,
    {
      service: record.name,
      containers: pulumi.output(containers.map((container) => container.id)),
      ...(http && from && { http: pulumi.output({ port: http.port, path: http.path, from: from.ids[0] }) }),
      ...(probe && "command" in probe && { command: [...probe.command] }),
      timeoutSeconds: record.health?.timeoutSeconds ?? 60,
    },
    { parent, ...(from && { dependsOn: from.ready }) },
  );
}

/** One forwarder in the network namespace of each container: there the app finds its own public address. */
export function makeSelf(
  at: DockerContext,
  record: ServiceRecord & { self: NonNullable<ServiceRecord["self"]> },
  containers: readonly docker.Container[],
  ready: pulumi.Resource[],
  labels: Record<string, string>,
  owner: Owner,
): docker.Container[] {
  const { imageId } = tools(at);
  return containers.map(
    (container, index) =>
      new docker.Container(
        at.physical(`${record.name}-self${index === 0 ? "" : `-${index + 1}`}`),
        selfArgs(record, { imageId, container: container.id, labels: { ...labels, "dockstage.component": `${record.name}-self` } }),
        { parent: owner.parent, dependsOn: ready, deleteBeforeReplace: false },
      ),
  );
}

export function makeJob(at: DockerContext, record: JobRecord, owner: Owner): Job {
  const image = at.handle("image", record.image);
  const labels = at.labels(record);
  const mounts = mountsOf(at, record, owner);
  const files = makeFiles(at, record.name, record, owner, labels);
  const { entrypoint = image.entrypoint, command = image.command } = argv(record, image);
  const { values, volumes } = record.trigger;
  const trigger = pulumi
    .all([...volumes.map((volume) => at.handle("volume", volume).stamp), ...(record.trigger.image ? [image.imageId] : [])])
    .apply((made) => [...values, ...made]);
  return new Job(
    record.name,
    {
      job: record.name,
      trigger,
      image: image.imageId,
      entrypoint,
      command,
      env: { ...record.env },
      ...(record.workdir && { workdir: record.workdir }),
      ...(record.user && { user: record.user }),
      networks: pulumi.output(record.networks.map(({ network }) => at.handle("network", network))),
      mounts: pulumi.output([
        ...(files ? [{ type: "volume" as const, source: files, target: FILES, readOnly: true }] : []),
        ...mounts.list,
      ]),
      scratch: pulumi.output(record.scratch.map((path) => at.inside(image, path))),
      readOnlyRoot: record.readOnlyRoot,
      capabilities: [...record.capabilities],
      memoryMiB: record.limits.memory,
      cpus: record.limits.cpus,
      timeoutSeconds: record.timeoutSeconds,
      ...(record.generates && {
        done: pulumi.all(volumes.map((volume) => at.handle("volume", volume).adopted)).apply((adopted) => adopted.some(Boolean)),
      }),
      labels,
    },
    { parent: owner.parent, dependsOn: [...mounts.ready, ...resourcesOf(at, record.after)] },
  );
}

export function makeRoute(at: DockerContext, record: RouteRecord, { parent }: Owner): Route {
  const door = at.handle("service", record.door);
  const service = at.handle("service", record.service);
  const [first] = door.ids;
  if (!first) throw new Error(`${record.door} has no container`);
  return new Route(
    `${record.name}-route`,
    { door: first, route: record.name, hosts: [...record.hosts], upstream: service.upstream, port: record.port, drainSeconds: 10 },
    { parent, dependsOn: [...service.ready, ...door.ready, ...resourcesOf(at, record.after)] },
  );
}
