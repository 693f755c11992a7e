import type Dockerode from "dockerode";
import { container as shape } from "../shapes";
import { attempt, found, statusOf, untilReleased } from "./engine";
import { bytes, containerOptions } from "./container-options";
import { containerState, importedState, isImport } from "./container-state";
import type { Kind } from "./kind";
import { presentImage } from "./simple";
import { type Value, type Values, records, strings, text } from "./values";

/** Containers. The order of steps is upstream's; what differs is said where it differs. */

const changed = (name: string, state: Values, inputs: Values): boolean => (inputs[name] ?? null) !== (state[name] ?? null);

/** Changes that the engine applies to a running container; of the others, an update only writes down the new value. */
const APPLIED = ["restart", "memory", "memorySwap"];

async function connect(docker: Dockerode, id: string, networks: Value | undefined): Promise<void> {
  const wanted = records(networks);
  if (wanted.length === 0) return;
  try {
    await docker.getNetwork("bridge").disconnect({ Container: id });
  } catch (error) {
    // "is not connected": the container was made with another network mode.
    if (!(error instanceof Error && error.message.includes("is not connected to the network bridge"))) throw error;
  }
  for (const network of wanted)
    await docker.getNetwork(text(network.name) ?? "").connect({ Container: id, EndpointConfig: { Aliases: strings(network.aliases) } });
}

/** Gone already, or just going, is what the caller wants. */
async function tolerant(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (statusOf(error) === 404 || statusOf(error) === 304) return;
    if (statusOf(error) === 409 && error instanceof Error && error.message.includes("already in progress")) return;
    throw error;
  }
}

export const container: Kind = {
  shape,
  async create(docker, inputs) {
    const options = containerOptions(inputs);
    await presentImage(docker, text(inputs.image) ?? "");
    return attempt(`container ${options.name ?? ""} could not be started`, async () => {
      const made = await docker.createContainer(options);
      try {
        await connect(docker, made.id, inputs.networksAdvanced);
        if (inputs.start !== false) await made.start();
        const state = containerState(await made.inspect(), inputs);
        return { id: made.id, state: { ...state, capabilities: inputs.capabilities ?? null } };
      } catch (error) {
        // Upstream keeps the half-made container and calls it created at the next run, started or not.
        await tolerant(made.remove({ force: true, v: true }));
        throw error;
      }
    });
  },
  async read(docker, id, state) {
    const info = await attempt(`container ${id} could not be read`, () => found(docker.getContainer(id).inspect()));
    return info && { id: info.Id, state: isImport(state) ? importedState(info) : containerState(info, state) };
  },
  async update(docker, id, state, inputs) {
    const target = docker.getContainer(id);
    await attempt(`container ${text(inputs.name) ?? id} could not be updated`, async () => {
      // Not running although it must: that is what `mustRun: false` in the state stands for.
      if (state.mustRun === false && inputs.mustRun !== false && inputs.start !== false) await tolerant(target.start());
      if (!APPLIED.some((name) => changed(name, state, inputs))) return;
      await target.update({
        RestartPolicy: { Name: text(inputs.restart) ?? "no", MaximumRetryCount: 0 },
        Memory: bytes(inputs.memory) ?? 0,
        MemorySwap: bytes(inputs.memorySwap),
      });
    });
  },
  async delete(docker, id, state, signal) {
    const target = docker.getContainer(id);
    const grace = typeof state.destroyGraceSeconds === "number" ? Math.max(0, state.destroyGraceSeconds) : 0;
    await attempt(`container ${text(state.name) ?? id} could not be removed`, async () => {
      await tolerant(target.stop({ t: grace, abortSignal: signal }));
      await tolerant(target.remove({ force: true, v: state.removeVolumes !== false }));
      // Another remover may be at work (autoremove). Not by the engine's wait for "removed": it never answers where it comes to a
      // container that is just going (seen at 20.10).
      const left = async (): Promise<string | undefined> => ((await found(target.inspect())) ? "it is still being removed" : undefined);
      await untilReleased(docker, { container: [id], event: ["destroy"] }, left, signal);
    });
  },
};
