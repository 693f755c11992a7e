import { ENVIRONMENTS_VOLUME, ROUTES_VOLUME } from "../plan/names";
import type { Export, StateResource } from "./deployment";

/** Which resources of a state stay when an environment goes down, as pure functions over the state. */

const VOLUME = "docker:index/volume:Volume";
const STAMP = "dockstage:index:Stamp";
/** Without these the data could not be used, or would be made a second time: the users' passwords, and what was done on the data. */
const OF_DATA = new Set([STAMP, "dockstage:index:Password", "dockstage:index:KeyPair", "dockstage:index:Job"]);

const componentOf = ({ inputs }: StateResource): string | undefined => {
  const labels: unknown = inputs?.["labels"];
  if (!Array.isArray(labels)) return undefined;
  const found: unknown = labels.find(
    (entry: unknown) => typeof entry === "object" && entry !== null && "label" in entry && entry.label === "dockstage.component",
  );
  return typeof found === "object" && found !== null && "value" in found && typeof found.value === "string" ? found.value : undefined;
};

const lives = ({ delete: pending }: StateResource): boolean => pending !== true;

/** Volumes of demuxes: their content is made again. */
const OF_DEMUX: readonly (string | undefined)[] = [ROUTES_VOLUME, ENVIRONMENTS_VOLUME];

/** Volumes with an app's data. */
export const dataVolumes = (resources: readonly StateResource[]): readonly StateResource[] =>
  resources.filter((resource) => lives(resource) && resource.type === VOLUME && !OF_DEMUX.includes(componentOf(resource)));

/** Names of resources that stay: with `data` only what is protected and what it needs, else all data. Parents and providers with them. */
export function kept(resources: readonly StateResource[], { data }: { readonly data: boolean }): ReadonlySet<string> {
  const volumes = dataVolumes(resources).filter(({ protect }) => !data || protect === true);
  if (volumes.length === 0) return new Set();
  const names = new Set(volumes.map(({ id }) => id));
  const stays = (resource: StateResource): boolean =>
    lives(resource) && OF_DATA.has(resource.type) && (resource.type !== STAMP || names.has(resource.id));
  const byUrn = new Map(resources.filter(lives).map((resource) => [resource.urn, resource]));
  const found = new Set<string>();
  const add = (resource: StateResource | undefined): void => {
    if (!resource || found.has(resource.urn)) return;
    found.add(resource.urn);
    if (resource.parent) add(byUrn.get(resource.parent));
    // A provider is referred to by its URN and its id.
    if (resource.provider) add(byUrn.get(resource.provider.slice(0, resource.provider.lastIndexOf("::"))));
  };
  for (const resource of [...volumes, ...resources.filter(stays)]) add(resource);
  return found;
}

/**
 * The state in which what stays depends on nothing that goes: Pulumi refuses to destroy what others depend on. The next `up` writes the
 * dependencies anew. Its outputs speak of what is gone, and go too.
 */
export function untied(state: Export, stays: ReadonlySet<string>): Export {
  const only = (urns: readonly string[]): string[] => urns.filter((urn) => stays.has(urn));
  const resources = (state.deployment.resources ?? []).map((resource): StateResource => {
    if (resource.type === "pulumi:pulumi:Stack") return { ...resource, outputs: {} };
    if (!stays.has(resource.urn)) return resource;
    const { dependencies, propertyDependencies, deletedWith, ...rest } = resource;
    return {
      ...rest,
      ...(dependencies && { dependencies: only(dependencies) }),
      ...(propertyDependencies && {
        propertyDependencies: Object.fromEntries(Object.entries(propertyDependencies).map(([key, urns]) => [key, only(urns ?? [])])),
      }),
      ...(deletedWith && stays.has(deletedWith) && { deletedWith }),
    };
  });
  return { ...state, deployment: { ...state.deployment, resources } };
}
