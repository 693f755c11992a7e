import type * as pulumi from "@pulumi/pulumi";
import type { DatabaseEngine } from "../config/settings";
import type { VolumeRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";

export interface DatabaseVolumeArgs {
  readonly engine: DatabaseEngine;
  /** Release series: "10.11", "15". A new series gets a new volume. */
  readonly series: string;
  /** Keep it when the environment is destroyed. */
  readonly protect: boolean;
  /** The image that is to own it is dockstage's own, which never is root. */
  readonly ownImage: boolean;
}

/** dockstage's own images set the administrator's password at each start; of others nobody can ask that. */
const foreign = (server: string): string =>
  `The image of ${server} is not dockstage's own. It sets the administrator's password in an empty volume only, and in this one it is still that of the ` +
  `state that was lost: the job for the schema will fail with "access denied". Set it by hand to what the server's container has in ` +
  `/run/dockstage/secrets/root-password, or restore a dump into a new volume.`;

/** The user of dockstage's own database images. */
const OWNER = { uid: 999, gid: 999 };

/** The volume of a database server. */
export function databaseVolume({ engine, series, protect, ownImage }: DatabaseVolumeArgs): readonly VolumeRecord[] {
  const name = `data-${engine}-${series}`;
  return [{ kind: "volume", name, protect, ...(ownImage ? { owner: OWNER } : { adopting: foreign(`${engine}-${series}`) }) }];
}

/**
 * The data of one database server, apart from the server: it hangs directly under the environment and is never replaced.
 *
 * @example
 * new DatabaseVolume("data-mariadb-10.11", { platform, engine: "mariadb", series: "10.11", protect: true, ownImage: true });
 */
export class DatabaseVolume extends PlannedComponent {
  constructor(name: string, args: DatabaseVolumeArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("DatabaseVolume", name, databaseVolume(args), args, opts);
    this.registerOutputs({});
  }
}
