import type * as pulumi from "@pulumi/pulumi";
import { slug } from "../plan/names";
import type { VolumeRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";

export interface FilesVolumeArgs {
  /** The writable path of the description that it holds. */
  readonly path: string;
  /** Of the variant, where the environment has several. */
  readonly variant?: string;
  readonly protect: boolean;
  readonly owner: NonNullable<VolumeRecord["owner"]>;
}

/** Name of the volume of a writable path. */
export const filesVolumeName = (path: string, variant?: string): string => ["files", slug(path), ...(variant ? [variant] : [])].join("-");

/** The volume of a writable path whose data is backed up and synced. */
export function filesVolume({ path, variant, protect, owner }: FilesVolumeArgs): readonly VolumeRecord[] {
  return [{ kind: "volume", name: filesVolumeName(path, variant), protect, owner }];
}

/**
 * Files that the app writes and that must be kept (uploads), directly under the environment like a database's data.
 *
 * @example
 * new FilesVolume("files-public-uploads", { platform, path: "public/uploads", protect: true, owner: { uid: 1000, gid: 1000 } });
 */
export class FilesVolume extends PlannedComponent {
  constructor(name: string, args: FilesVolumeArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("FilesVolume", name, filesVolume(args), args, opts);
    this.registerOutputs({});
  }
}
