import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { physicalName, slug } from "../plan/names";
import type { ImageRecord, JobRecord, Kind, Mount, NetworkRecord, PlanRecord, RecordOf, Ref, RouteRecord, Run, SecretRecord, ServiceRecord, VolumeRecord } from "../plan/records";
import { refOf } from "../plan/records";
import { External, Files, Generation, Image, Job, Lease, Password, Ready, Route } from "../provider/resources";
import { argv, containerArgs, selfArgs, type Bound } from "./docker-container";
import type { Owner, Platform } from "./platform";

export interface DockerPlatformArgs {
  readonly project: string;
  readonly stack: string;
  /** Absolute folders that `app:` and `package:` stand for. */
  readonly folders: { readonly app: string; readonly package: string };
  /** CIDR that the environment's subnets are taken from. @default "10.213.0.0/16" */
  readonly pool?: string;
  /** The value of a secret that the stack's config holds. @default there is none, and using one is an error */
  readonly secret?: (key: string) => pulumi.Output<string>;
}

/** 29 addresses: an environment has few containers, and a pool of /16 holds 2,048 such networks. */
const PREFIX = 27;
const DEFAULT_POOL = "10.213.0.0/16";
const TOOLS: ImageRecord["source"] = { from: "build", context: [{ path: "package:images/tools", to: "" }], dockerfile: "Dockerfile", args: {}, secrets: {} };

interface Handles {
  image: Image;
  network: pulumi.Output<string>;
  volume: { readonly name: pulumi.Output<string>; readonly ready: pulumi.Resource };
  secret: pulumi.Output<string>;
  file: { readonly content: string; readonly executable: boolean };
  service: { readonly ids: pulumi.Output<string>[]; readonly upstream: pulumi.Output<string>; readonly ready: pulumi.Resource[]; readonly port?: pulumi.Output<string> };
  job: Job;
  route: Route;
}

/** One Docker Engine. */
class DockerPlatform implements Platform {
  readonly name = "docker";
  private readonly handles: { [K in Kind]: Map<string, Handles[K]> } = {
    image: new Map(),
    network: new Map(),
    volume: new Map(),
    secret: new Map(),
    file: new Map(),
    service: new Map(),
    job: new Map(),
    route: new Map(),
  };
  private readonly filesOf = new Map<string, Files>();
  private toolsImage?: Image;

  constructor(private readonly args: DockerPlatformArgs) {}

  refuse(records: readonly PlanRecord[]): readonly string[] {
    return records.flatMap((record) =>
      record.kind === "service" && record.publish.length > 0 && record.replicas > 1
        ? [`${refOf(record)}: one Docker Engine has each port once, and ${record.replicas} replicas cannot share it`]
        : [],
    );
  }

  realise(records: readonly PlanRecord[], owner: Owner): void {
    const refused = this.refuse(records);
    if (refused.length > 0) throw new Error(refused.join("\n"));
    for (const record of records) this.make(record, owner);
  }

  output(ref: Ref<"image"> | Ref<"volume"> | Ref<"service">): pulumi.Output<string> {
    const [kind] = ref.split(":");
    if (kind === "image") return this.handle("image", ref).imageId;
    if (kind === "volume") return this.handle("volume", ref).name;
    const { port } = this.handle("service", ref);
    if (!port) throw new Error(`${ref} has no port on the host`);
    return port;
  }

  private handle<K extends Kind>(kind: K, ref: Ref): Handles[K] {
    const found = this.handles[kind].get(ref.slice(ref.indexOf(":") + 1));
    if (!found) throw new Error(`${ref} is not in this plan, or comes later: pass the component that makes it first`);
    return found;
  }

  private make(record: PlanRecord, owner: Owner): void {
    switch (record.kind) {
      case "image":
        return void this.handles.image.set(record.name, this.image(record.name, record.source, owner));
      case "network":
        return void this.handles.network.set(record.name, this.network(record, owner));
      case "volume":
        return void this.handles.volume.set(record.name, this.volume(record, owner));
      case "secret":
        return void this.handles.secret.set(record.name, this.secret(record, owner));
      case "file":
        return void this.handles.file.set(record.name, record);
      case "service":
        return void this.handles.service.set(record.name, this.service(record, owner));
      case "job":
        return void this.handles.job.set(record.name, this.job(record, owner));
      case "route":
        return void this.handles.route.set(record.name, this.route(record, owner));
      default:
        throw new Error(`unknown record ${JSON.stringify(record satisfies never)}`);
    }
  }

  private labels(record: { readonly name: string; readonly variant?: string }): Record<string, string> {
    const { project, stack } = this.args;
    return {
      "dockstage.project": project,
      "dockstage.stack": stack,
      "dockstage.component": record.name,
      ...(record.variant && { "dockstage.variant": record.variant }),
    };
  }

  private path(path: string): string {
    const [anchor, ...rest] = path.split(":");
    return resolve(anchor === "package" ? this.args.folders.package : this.args.folders.app, rest.join(":"));
  }

  private physical(name: string): string {
    return physicalName(this.args.project, this.args.stack, name);
  }

  private image(name: string, source: ImageRecord["source"], { parent }: Pick<Owner, "parent">): Image {
    if (source.from === "reference") {
      const pulled = new docker.RemoteImage(name, { name: source.reference, keepLocally: true }, { parent });
      return new Image(name, { reference: pulled.imageId }, { parent });
    }
    const secrets = Object.entries(source.secrets).map(([id, ref]) => [id, this.handle("secret", ref)] as const);
    return new Image(
      name,
      {
        repository: `${this.args.project}-${this.args.stack}/${name}`,
        context: source.context.map(({ path, to }) => ({ path: this.path(path), to })),
        dockerfile: source.dockerfile,
        args: { ...source.args },
        ...(source.target && { target: source.target }),
        ...(secrets.length > 0 && { secrets: pulumi.output(Object.fromEntries(secrets)) }),
      },
      { parent },
    );
  }

  /** The image of the platform's own small jobs, made when the first one is needed. */
  private tools(owner: Owner): Image {
    return (this.toolsImage ??= this.image("tools", TOOLS, owner));
  }

  private network(record: NetworkRecord, owner: Owner): pulumi.Output<string> {
    const { project, stack, pool = DEFAULT_POOL } = this.args;
    const { parent } = owner;
    if (record.external) {
      const absent = `The host program is not up on this engine (there is no network "${record.external}"): run "npx dockstage up host", or "pulumi -C host up" with plain Pulumi.`;
      return new External(record.name, { network: record.external, absent }, { parent }).networkId;
    }
    const lease = new Lease(`${record.name}-subnet`, { holder: `${project}/${stack}/${record.name}`, subnet: { pool, prefix: PREFIX } }, { parent });
    const network = new docker.Network(
      this.physical(record.name),
      {
        ...(record.physicalName && { name: record.physicalName }),
        internal: record.internal,
        driver: "bridge",
        ipamConfigs: [{ subnet: lease.value }],
        labels: Object.entries(this.labels(record)).map(([label, value]) => ({ label, value })),
      },
      { parent },
    );
    return network.id;
  }

  private volume(record: VolumeRecord, owner: Owner): Handles["volume"] {
    const { parent } = owner;
    const labels = this.labels(record);
    const volume = new docker.Volume(
      record.name,
      { name: this.physical(record.name), labels: Object.entries(labels).map(([label, value]) => ({ label, value })) },
      // A replaced volume is lost data: what may differ between releases of dockstage must not replace it.
      { parent, protect: record.protect, retainOnDelete: record.protect, ignoreChanges: ["labels", "driverOpts"] },
    );
    if (!record.owner) return { name: volume.name, ready: volume };
    const owned = "image" in record.owner ? this.handle("image", record.owner.image) : record.owner;
    const ready = this.tool(`${record.name}-owner`, owner, {
      command: pulumi.all([owned.uid, owned.gid]).apply(([uid, gid]) => ["open-volume", "/volume", String(uid), String(gid)]),
      trigger: pulumi.all([volume.id, owned.uid, owned.gid]).apply((values) => values.map(String)),
      mount: { type: "volume", source: volume.name, target: "/volume", readOnly: false },
      labels,
    });
    return { name: volume.name, ready };
  }

  /** A job of the platform's own: as root, with what it takes to hand files over and nothing else. */
  private tool(
    name: string,
    owner: Owner,
    args: { command: pulumi.Input<string[]>; trigger: pulumi.Input<string[]>; mount: pulumi.Input<{ type: "volume" | "bind"; source: pulumi.Input<string>; target: string; readOnly: boolean }>; labels: Record<string, string> },
  ): Job {
    const { parent } = owner;
    const image = this.tools(owner);
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
      },
      { parent },
    );
  }

  private secret(record: SecretRecord, { parent }: Owner): pulumi.Output<string> {
    const { source } = record;
    switch (source.from) {
      case "generate":
        return new Password(record.name, { length: source.length }, { parent }).value;
      case "config": {
        if (!this.args.secret) throw new Error(`secret:${record.name} comes from the stack's config, and this platform was made without \`secret\``);
        return pulumi.secret(this.args.secret(source.key));
      }
      case "compose":
        return pulumi.secret(
          pulumi.all(source.parts.map((part) => (typeof part === "string" ? pulumi.output(part) : this.handle("secret", part.secret)))).apply((parts) => parts.join("")),
        );
      default:
        return source satisfies never;
    }
  }

  /** The volume with a run's secrets and files; runs of one image with the same ones share it. */
  private files(name: string, run: Run, owner: Owner, labels: Record<string, string>): pulumi.Output<string> | undefined {
    if (run.secrets.length === 0 && Object.keys(run.files).length === 0) return undefined;
    const key = JSON.stringify([run.image, run.user, run.secrets, run.files]);
    const made = this.filesOf.get(key);
    if (made) return made.volume;
    const image = this.handle("image", run.image);
    const [uid, gid] = run.user ? run.user.split(":").map(Number) : [image.uid, image.gid];
    // A daemon that starts as root reads its files again after it dropped to its user.
    const mode = pulumi.output(uid ?? 0).apply((id) => (id === 0 ? "0444" : "0400"));
    const secrets = run.secrets.map(({ secret, as }) => ({ path: "env" in as ? `env/${as.env}` : `secrets/${as.file}`, content: this.handle("secret", secret), mode }));
    const files = Object.entries(run.files).map(([file, ref]) => {
      const { content, executable } = this.handle("file", ref);
      return { path: `files/${file}`, content: pulumi.output(content), mode: pulumi.output(executable ? "0555" : "0444") };
    });
    const entrypoint = run.secrets.some(({ as }) => "env" in as)
      ? [{ path: "entrypoint", content: pulumi.output(readFileSync(join(this.args.folders.package, "images/env/entrypoint"), "utf8")), mode: pulumi.output("0444") }]
      : [];
    const all = [...secrets, ...files, ...entrypoint];
    const volume = new Files(
      `${name}-files`,
      {
        prefix: this.physical(name),
        files: pulumi.secret(Object.fromEntries(all.map(({ path, content, mode: bits }) => [path, { content, mode: bits }]))),
        uid: uid ?? 0,
        gid: gid ?? 0,
        image: image.imageId,
        labels,
      },
      { parent: owner.parent },
    );
    this.filesOf.set(key, volume);
    return volume.volume;
  }

  /** Mounts as the engine takes them, and what must be done before they are used. */
  private mounts(name: string, mounts: readonly Mount[], owner: Owner): { list: { type: "volume" | "bind"; source: pulumi.Input<string>; target: string; readOnly: boolean }[]; ready: pulumi.Resource[] } {
    const ready: pulumi.Resource[] = [];
    const list = mounts.map((mount) => {
      const { path: target, readOnly } = mount;
      if (!("folders" in mount)) {
        const volume = this.handle("volume", mount.from);
        ready.push(volume.ready);
        return { type: "volume" as const, source: volume.name, target, readOnly };
      }
      const source = this.path(mount.from);
      if (mount.openFor !== undefined || mount.folders.length > 0) ready.push(this.openSource(name, source, mount, owner));
      return { type: "bind" as const, source, target, readOnly };
    });
    return { list, ready };
  }

  private readonly opened = new Map<string, Job>();

  private openSource(name: string, source: string, mount: Extract<Mount, { folders: readonly string[] }>, owner: Owner): Job {
    const words = [String(mount.openFor ?? ""), ...mount.folders];
    const key = JSON.stringify([source, words]);
    const job =
      this.opened.get(key) ??
      this.tool(`${name}-source`, owner, {
        command: ["open-source", "/source", ...words],
        trigger: words,
        mount: { type: "bind", source, target: "/source", readOnly: false },
        labels: this.labels({ name: `${name}-source` }),
      });
    this.opened.set(key, job);
    return job;
  }

  private after(refs: readonly Ref[]): pulumi.Resource[] {
    return refs.flatMap((ref): pulumi.Resource[] => {
      if (ref.startsWith("service:")) return this.handle("service", ref).ready;
      if (ref.startsWith("job:")) return [this.handle("job", ref)];
      if (ref.startsWith("volume:")) return [this.handle("volume", ref).ready];
      return [];
    });
  }

  private service(record: ServiceRecord, owner: Owner): Handles["service"] {
    const { parent } = owner;
    const physical = this.physical(record.name);
    const image = this.handle("image", record.image);
    const labels = this.labels(record);
    const mounts = this.mounts(record.name, record.mounts, owner);
    const files = this.files(record.name, record, owner, labels);
    const leases = record.publish.map(
      (publish) =>
        new Lease(
          `${record.name}-${publish.lease}-port`,
          { holder: `${this.args.project}/${this.args.stack}/${publish.lease}`, port: { address: publish.address, from: publish.range[0], to: publish.range[1] } },
          { parent },
        ),
    );
    const bound: Bound = {
      image,
      ...(files && { files }),
      volumes: mounts.list.map(({ type, source, target, readOnly }) => ({ containerPath: target, readOnly, ...(type === "volume" ? { volumeName: source } : { hostPath: source }) })),
      networks: record.networks.map(({ network, aliases }) => ({ id: this.handle("network", network), aliases })),
      labels,
      ports: record.publish.map((publish, at) => ({ internal: publish.containerPort, external: leases[at]?.value.apply(Number) ?? 0, ip: publish.address, protocol: "tcp" })),
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
    const dependsOn = [...mounts.ready, ...this.after(record.after)];
    const containers = Array.from(
      { length: record.replicas },
      (_, at) =>
        new docker.Container(
          at === 0 ? physical : `${physical}-${at + 1}`,
          {
            ...args,
            networksAdvanced: bound.networks.map(({ id, aliases }) => ({ name: id, aliases: [...aliases, upstream] })),
            labels: [...Object.entries(labels).map(([label, value]) => ({ label, value })), { label: "dockstage.generation", value: generation.token }],
          },
          { parent, dependsOn, deleteBeforeReplace: record.update === "stop-first", replaceOnChanges: ["healthcheck", "tmpfs", "init"] },
        ),
    );
    const ids = containers.map((container) => container.id);
    const ready = record.health ? [this.ready(record, containers, owner)] : containers;
    const self = record.self ? [this.self({ ...record, self: record.self }, containers, ready, labels, owner)].flat() : [];
    return { ids, upstream, ready: [...ready, ...self], ...(leases[0] && { port: leases[0].value }) };
  }

  private ready(record: ServiceRecord, containers: readonly docker.Container[], { parent }: Owner): Ready {
    const { probe, timeoutSeconds } = record.health!;
    const from = "http" in probe ? this.handle("service", probe.http.from) : undefined;
    return new Ready(
      `${record.name}-ready`,
      {
        service: record.name,
        containers: pulumi.output(containers.map((container) => container.id)),
        ...("http" in probe ? { http: pulumi.output({ port: probe.http.port, path: probe.http.path, from: from!.ids[0]! }) } : { command: [...probe.command] }),
        timeoutSeconds,
      },
      { parent, ...(from && { dependsOn: from.ready }) },
    );
  }

  /** One forwarder in the network namespace of each container: there the app finds its own public address. */
  private self(
    record: ServiceRecord & { self: NonNullable<ServiceRecord["self"]> },
    containers: readonly docker.Container[],
    ready: pulumi.Resource[],
    labels: Record<string, string>,
    owner: Owner,
  ): docker.Container[] {
    const { imageId } = this.tools(owner);
    return containers.map(
      (container, at) =>
        new docker.Container(
          this.physical(`${record.name}-self${at === 0 ? "" : `-${at + 1}`}`),
          selfArgs(record, { imageId, container: container.id, labels: { ...labels, "dockstage.component": `${record.name}-self` } }),
          { parent: owner.parent, dependsOn: ready, deleteBeforeReplace: false },
        ),
    );
  }

  private job(record: JobRecord, owner: Owner): Job {
    const image = this.handle("image", record.image);
    const labels = this.labels(record);
    const mounts = this.mounts(record.name, record.mounts, owner);
    const files = this.files(record.name, record, owner, labels);
    const { entrypoint = image.entrypoint, command = image.command } = argv(record, image);
    const trigger = record.trigger.image ? image.imageId.apply((id) => [...record.trigger.values, id]) : [...record.trigger.values];
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
        networks: pulumi.output(record.networks.map(({ network }) => this.handle("network", network))),
        mounts: pulumi.output([...(files ? [{ type: "volume" as const, source: files, target: "/run/dockstage", readOnly: true }] : []), ...mounts.list]),
        scratch: [...record.scratch],
        readOnlyRoot: record.readOnlyRoot,
        capabilities: [...record.capabilities],
        memoryMiB: record.limits.memory,
        cpus: record.limits.cpus,
        timeoutSeconds: record.timeoutSeconds,
        labels,
      },
      { parent: owner.parent, dependsOn: [...mounts.ready, ...this.after(record.after)] },
    );
  }

  private route(record: RouteRecord, { parent }: Owner): Route {
    const door = this.handle("service", record.door);
    const service = this.handle("service", record.service);
    const [first] = door.ids;
    if (!first) throw new Error(`${record.door} has no container`);
    return new Route(
      `${record.name}-route`,
      { door: first, route: record.name, hosts: [...record.hosts], upstream: service.upstream, port: record.port, drainSeconds: 10 },
      { parent, dependsOn: [...service.ready, ...door.ready] },
    );
  }
}

/** The platform for one Docker Engine: the one that the docker provider is configured for. */
export const dockerPlatform = (args: DockerPlatformArgs): Platform => new DockerPlatform(args);

export type { RecordOf };
