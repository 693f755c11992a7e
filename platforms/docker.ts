import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { refOf, type NetworkRecord, type PlanRecord, type Ref, type SecretRecord } from "../plan/records";
import { Announcement, External, Lease, Password } from "../provider/resources";
import { DockerContext, type DockerPlatformArgs } from "./docker-context";
import { makeImage } from "./docker-image";
import { makeJob, makeRoute, makeService } from "./docker-service";
import { makeVolume } from "./docker-storage";
import type { Owner, Platform } from "./platform";

/** 29 addresses: an environment has few containers, and a pool of /16 holds 2,048 such networks. */
const PREFIX = 27;
const DEFAULT_POOL = "10.213.0.0/16";

function makeNetwork(at: DockerContext, record: NetworkRecord, owner: Owner): pulumi.Output<string> {
  const { project, stack, pool = DEFAULT_POOL } = at.args;
  const { parent } = owner;
  if (record.external) {
    const absent = `The host program is not up on this engine (there is no network "${record.external}"): run "npx dockstage up host".`;
    return new External(record.name, { network: record.external, absent }, { parent }).networkId;
  }
  const lease = new Lease(
    `${record.name}-subnet`,
    { holder: `${project}/${stack}/${record.name}`, subnet: { pool, prefix: PREFIX } },
    { parent },
  );
  at.first.push(lease);
  const network = new docker.Network(
    at.physical(record.name),
    {
      ...(record.physicalName && { name: record.physicalName }),
      internal: record.internal,
      driver: "bridge",
      // The bridge has no address of the machine's own: even an internal network would let its containers reach what listens there. A
      // network that other stacks join has doors in it only, and replacing it would take all of them down.
      ...(record.internal && !record.physicalName && { options: { "com.docker.network.bridge.inhibit_ipv4": "true" } }),
      ipamConfigs: [{ subnet: lease.value }],
      labels: Object.entries(at.labels(record)).map(([label, value]) => ({ label, value })),
    },
    // The lease stays the same: two networks cannot have one subnet.
    { parent, deleteBeforeReplace: true },
  );
  return network.id;
}

function makeSecret(at: DockerContext, record: SecretRecord, { parent }: Owner): pulumi.Output<string> {
  const { source } = record;
  switch (source.from) {
    case "generate":
      return new Password(record.name, { length: source.length }, { parent }).value;
    case "config": {
      if (!at.args.secret)
        throw new Error(`secret:${record.name} comes from the stack's config, and this platform was made without \`secret\``);
      return pulumi.secret(at.args.secret(source.key));
    }
    case "compose":
      return pulumi.secret(
        pulumi
          .all(source.parts.map((part) => (typeof part === "string" ? pulumi.output(part) : at.handle("secret", part.secret))))
          .apply((parts) => parts.join("")),
      );
    default:
      return source satisfies never;
  }
}

function make(at: DockerContext, record: PlanRecord, owner: Owner): void {
  const { handles } = at;
  switch (record.kind) {
    case "image":
      return void handles.image.set(record.name, makeImage(at, record.name, record.source, owner));
    case "network":
      return void handles.network.set(record.name, makeNetwork(at, record, owner));
    case "volume":
      return void handles.volume.set(record.name, makeVolume(at, record, owner));
    case "secret":
      return void handles.secret.set(record.name, makeSecret(at, record, owner));
    case "file":
      return void handles.file.set(record.name, record);
    case "service":
      return void handles.service.set(record.name, makeService(at, record, owner));
    case "job":
      return void handles.job.set(record.name, makeJob(at, record, owner));
    case "route":
      return void handles.route.set(record.name, makeRoute(at, record, owner));
    default:
      throw new Error(`unknown record ${JSON.stringify(record satisfies never)}`);
  }
}

/** The platform for one Docker Engine: the one that the docker provider is configured for. */
export function dockerPlatform(args: DockerPlatformArgs): Platform {
  const at = new DockerContext(args);
  return {
    name: "docker",
    refuse: (records) =>
      records.flatMap((record) =>
        record.kind === "service" && record.publish.length > 0 && record.replicas > 1
          ? [`${refOf(record)}: one Docker Engine has each port once, and ${record.replicas} replicas cannot share it`]
          : [],
      ),
    realise(records, owner) {
      const refused = this.refuse(records);
      if (refused.length > 0) throw new Error(refused.join("\n"));
      for (const record of records) make(at, record, owner);
    },
    output(ref: Ref<"image"> | Ref<"volume"> | Ref<"service">): pulumi.Output<string> {
      if (ref.startsWith("image:")) return at.handle("image", ref).imageId;
      if (ref.startsWith("volume:")) return at.handle("volume", ref).name;
      const { port } = at.handle("service", ref);
      if (!port) throw new Error(`${ref} has no port on the host`);
      return port;
    },
    announce({ stage, urls, mailbox }) {
      const { project, stack } = args;
      const dependsOn = [...at.handles.route.values()];
      void new Announcement("announcement", { project, stack, stage, urls: [...urls], ...(mailbox && { mailbox }) }, { dependsOn });
    },
  };
}

export type { DockerPlatformArgs };
