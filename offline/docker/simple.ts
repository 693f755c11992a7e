import type Dockerode from "dockerode";
import { UserError } from "../rpc";
import { network as networkShape, remoteImage, volume as volumeShape } from "../shapes";
import { attempt, found, labelList, labelsOf, messageOf, statusOf, untilReleased } from "./engine";
import type { Kind } from "./kind";
import { type Values, records, text, texts } from "./values";

/** Networks, volumes and images: each is made at once or not at all. */

function networkState(info: Dockerode.NetworkInspectInfo): Values {
  return {
    name: info.Name,
    driver: info.Driver,
    internal: info.Internal,
    attachable: info.Attachable,
    ingress: info.Ingress,
    ipv6: info.EnableIPv6,
    ipamDriver: info.IPAM?.Driver ?? "default",
    ipamConfigs: (info.IPAM?.Config ?? []).map((config) => ({ subnet: config.Subnet ?? "", gateway: config.Gateway ?? "" })),
    labels: labelList(info.Labels),
    options: { ...info.Options },
    scope: info.Scope,
  };
}

export const network: Kind = {
  shape: networkShape,
  async create(docker, inputs) {
    const name = text(inputs.name) ?? "";
    const made = await attempt(`network ${name} could not be created`, () =>
      docker.createNetwork({
        Name: name,
        Driver: text(inputs.driver),
        Internal: inputs.internal === true,
        Labels: labelsOf(inputs.labels),
        Options: texts(inputs.options),
        IPAM: {
          Driver: text(inputs.ipamDriver) ?? "default",
          Config: records(inputs.ipamConfigs).map((config) => ({ Subnet: text(config.subnet) ?? "" })),
        },
      }),
    );
    const info: Dockerode.NetworkInspectInfo = await made.inspect();
    return { id: made.id, state: networkState(info) };
  },
  async read(docker, id) {
    const info: Dockerode.NetworkInspectInfo | undefined = await attempt(`network ${id} could not be read`, () =>
      found(docker.getNetwork(id).inspect()),
    );
    return info && { id, state: networkState(info) };
  },
  async update() {
    throw new UserError("a network never changes in place; this is a fault of the offline docker plugin's diff");
  },
  async delete(docker, id, state, signal) {
    const net = docker.getNetwork(id);
    await attempt(`network ${text(state.name) ?? id} could not be removed`, () =>
      untilReleased(
        docker,
        { network: [id], event: ["disconnect"] },
        async () => {
          try {
            await net.remove();
          } catch (error) {
            if (statusOf(error) === 404) return undefined;
            if (statusOf(error) !== 403) throw error;
            const info: Dockerode.NetworkInspectInfo | undefined = await found(net.inspect());
            if (!info) return undefined;
            const users = Object.values(info.Containers ?? {}).map((container) => container.Name);
            return users.length > 0
              ? `network ${info.Name} is still used by ${users.join(", ")}. Remove them (docker rm -f) or disconnect them (docker network disconnect), and run it again`
              : `network ${info.Name} has no container, but the engine still counts one on it (${messageOf(error)}). Run it again; if it says so again, restart the engine (systemctl restart docker) first`;
          }
          return undefined;
        },
        signal,
      ),
    );
  },
};

function volumeState(info: Dockerode.VolumeInspectInfo): Values {
  return {
    name: info.Name,
    driver: info.Driver,
    driverOpts: { ...info.Options },
    labels: labelList(info.Labels),
    mountpoint: info.Mountpoint,
  };
}

export const volume: Kind = {
  shape: volumeShape,
  async create(docker, inputs) {
    const name = text(inputs.name) ?? "";
    const info = await attempt(`volume ${name} could not be created`, async () => {
      await docker.createVolume({ Name: name, Labels: labelsOf(inputs.labels) });
      return docker.getVolume(name).inspect();
    });
    return { id: info.Name, state: volumeState(info) };
  },
  async read(docker, id) {
    const info = await attempt(`volume ${id} could not be read`, () => found(docker.getVolume(id).inspect()));
    return info && { id, state: volumeState(info) };
  },
  async update() {
    throw new UserError("a volume never changes in place; this is a fault of the offline docker plugin's diff");
  },
  async delete(docker, id, _, signal) {
    await attempt(`volume ${id} could not be removed`, () =>
      untilReleased(
        docker,
        { type: ["container"], event: ["destroy"] },
        async () => {
          try {
            await docker.getVolume(id).remove({ force: true });
          } catch (error) {
            if (statusOf(error) === 404) return undefined;
            if (statusOf(error) !== 409) throw error;
            return `volume ${id} is still in use: ${messageOf(error)}. Remove the container that mounts it (docker ps -a --filter volume=${id}), and run it again`;
          }
          return undefined;
        },
        signal,
      ),
    );
  },
};

/** The image of this name or ID; pulled where it is not on the engine. @throws UserError that says what to do without a registry */
export async function presentImage(docker: Dockerode, name: string): Promise<Dockerode.ImageInspectInfo> {
  const image = docker.getImage(name);
  const local = await attempt(`image ${name} could not be looked up`, () => found(image.inspect()));
  if (local) return local;
  const hint = "Where no registry can be reached, build it, load it (docker load) or let scripts/setup make the base images";
  if (name.startsWith("sha256:"))
    throw new UserError(`image ${name} is not on the engine any more, and an image ID cannot be pulled. ${hint}`);
  try {
    const progress = await docker.pull(name);
    await new Promise<void>((resolve, reject) =>
      docker.modem.followProgress(progress, (error: Error | null) => (error ? reject(error) : resolve())),
    );
    return await image.inspect();
  } catch (error) {
    throw new UserError(`image ${name} is not on the engine and could not be pulled: ${messageOf(error)}. ${hint}`);
  }
}

/** The digest that belongs to the name, of those under which an image is known. */
export function repoDigest(name: string, digests: readonly string[]): string {
  const repository = name.includes(":") ? name.slice(0, name.indexOf(":")) : name;
  return digests.find((digest) => digest.startsWith(repository)) ?? digests[0] ?? "";
}

const imageState = (name: string, info: Dockerode.ImageInspectInfo): Values => ({
  name,
  imageId: info.Id,
  repoDigest: repoDigest(name, info.RepoDigests ?? []),
});

export const image: Kind = {
  shape: remoteImage,
  async create(docker, inputs) {
    const name = text(inputs.name) ?? "";
    const info = await presentImage(docker, name);
    return { id: info.Id + name, state: { ...imageState(name, info), keepLocally: inputs.keepLocally ?? null } };
  },
  async read(docker, id, state) {
    const name = text(state.name) ?? id.replace(/^sha256:[0-9a-f]{64}/, "");
    const info = await attempt(`image ${name} could not be read`, () => found(docker.getImage(name).inspect()));
    return info && { id: info.Id + name, state: { ...imageState(name, info), keepLocally: state.keepLocally ?? null } };
  },
  async update(docker, _, state) {
    await presentImage(docker, text(state.name) ?? "");
  },
  async delete(docker, _, state) {
    if (state.keepLocally === true) return;
    const name = text(state.name) ?? "";
    await attempt(`image ${name} could not be removed`, () => found(docker.getImage(name).remove()));
  },
};
