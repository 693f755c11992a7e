import { posix } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceRecord } from "../plan/records";
import type { DockerContext } from "./docker-context";

/**
 * An image's VOLUME that nothing is mounted at is an anonymous volume: the engine makes a new, empty one with each container. It is never
 * made a data volume in silence, because images have code in such places too; but people are told.
 */

const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);

/**
 * The VOLUME paths that are lost with their container. One with something mounted at, above or below it is none of them: below it (the
 * uploads in a folder of code) somebody has said which part is data, and the only way to please a warning would be to make the code a volume.
 *
 * @param kept absolute paths of mounts and of scratch
 */
export const unkept = (volumes: readonly string[], kept: readonly string[]): readonly string[] =>
  volumes
    .map((path) => posix.join("/", path).replace(/(.)\/$/, "$1"))
    .filter((path) => !kept.some((place) => within(path, place) || within(place, path)));

/** What a person is told, with the lines that help. */
export function unkeptMessage(service: string, paths: readonly string[], keep: NonNullable<ServiceRecord["keep"]>): string {
  const [one, ...others] = paths;
  const which = `the image of ${service} declares ${paths.join(", ")} as VOLUME, and nothing keeps it: what is written there is lost when the container is replaced, as at each change`;
  if (keep.as === "writable") {
    const entries = (kind: string): string => `writable: { ${paths.map((path) => `${path}: ${kind}`).join(", ")} }`;
    return `${which}. In dockstage.yaml, where it is data: ${entries("data")}; where it may be lost: ${entries("scratch")}`;
  }
  const more = others.length > 0 ? ` (a service keeps one path; ${paths.join(" or ")})` : "";
  return `${which}. To keep it, in dockstage.yaml: services: { ${keep.service}: { data: ${one ?? ""} } }${more}. A cache that may start empty needs nothing`;
}

/** Warns once for a service, in a preview too where the image is there already. */
export function warnOfVolumes(at: DockerContext, record: ServiceRecord): void {
  const { keep, name } = record;
  if (!keep) return;
  const image = at.handle("image", record.image);
  const kept = [...record.mounts.map(({ path }) => path), ...record.scratch].map((path) => at.inside(image, path));
  // An image whose facts are of an older release says nothing of its volumes.
  void pulumi.all([image.volumes, pulumi.all(kept)]).apply(([volumes, places]) => {
    const paths = unkept(volumes ?? [], places);
    return paths.length === 0 ? undefined : pulumi.log.warn(unkeptMessage(name, paths, keep), image);
  });
}
