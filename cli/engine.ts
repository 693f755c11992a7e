import Dockerode from "dockerode";
import type { stateOf } from "./pulumi";

/** Identity labels as a filter of the engine's lists. */
const labelled = (project: string, stack: string): string =>
  JSON.stringify({ label: [`dockstage.project=${project}`, `dockstage.stack=${stack}`] });

/**
 * In what an environment's objects on the engine differ from its state, in words; empty where they agree. Objects that the state
 * knows must be there, and containers must run.
 */
export async function driftOf(
  project: string,
  stack: string,
  { ids }: Pick<ReturnType<typeof stateOf>, "ids">,
): Promise<readonly string[]> {
  const engine = new Dockerode();
  const filters = labelled(project, stack);
  const [containers, networks, volumes] = await Promise.all([
    engine.listContainers({ all: true, filters }),
    engine.listNetworks({ filters }),
    engine.listVolumes({ filters }),
  ]);
  const known = (type: string): readonly string[] => [...(ids.get(type) ?? [])];
  const running = new Set(containers.filter(({ State }) => State === "running").map(({ Id }) => Id));
  const there = new Set(networks.map(({ Id }) => Id));
  const kept = new Set(volumes.Volumes.map(({ Name }) => Name));
  return [
    ...known("docker:index/container:Container").flatMap((id) => (running.has(id) ? [] : [`container ${id.slice(0, 12)} does not run`])),
    ...known("docker:index/network:Network").flatMap((id) => (there.has(id) ? [] : [`network ${id.slice(0, 12)} is gone`])),
    ...known("docker:index/volume:Volume").flatMap((id) => (kept.has(id) ? [] : [`volume ${id} is gone`])),
  ];
}

/** Whether the host program's demux runs on the engine. */
export async function hostIsUp(): Promise<boolean> {
  const engine = new Dockerode();
  const found = await engine.listContainers({
    filters: JSON.stringify({ label: ["dockstage.project=dockstage-host", "dockstage.component=demux"], status: ["running"] }),
  });
  return found.length > 0;
}
