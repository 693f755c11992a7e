import * as pulumi from "@pulumi/pulumi";

/**
 * The resources of dockstage's own provider, as a Pulumi program sees them. What each does is in the file of the same name in
 * this folder, and none of that code is loaded here. Type tokens and property names are contracts: see docs/adr/.
 */

type Inputs<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** The identity labels that every object on the engine carries: `dockstage.project`, `dockstage.stack`, `dockstage.component`. */
export type Labels = Record<string, string>;

/** `dockstage:index:Image`: an image built by content hash, or an existing one looked at. */
export interface ImageArgs {
  /** Repository of the tag that a build gets: `<project>-<stack>/<component>`. Left out for a reference. */
  readonly repository?: string;
  /** Folders of the build context; `path` is absolute (a changed path with the same content changes nothing). */
  readonly context?: { path: string; to: string }[];
  readonly dockerfile?: string;
  readonly target?: string;
  readonly args?: Record<string, string>;
  readonly secrets?: Record<string, string>;
  /** Instead of a build: the reference of an image that is on the engine already. */
  readonly reference?: string;
}
export class Image extends pulumi.CustomResource {
  /** Hash of context (by .dockerignore), Dockerfile, arguments, target and platform; for a reference, the image ID. */
  declare readonly contentHash: pulumi.Output<string>;
  /** The image ID, `sha256:...`. */
  declare readonly imageId: pulumi.Output<string>;
  /** `<repository>:<hash>`, or the reference as given. */
  declare readonly tag: pulumi.Output<string>;
  /** Image digests or IDs of the bases it was built from, by reference. */
  declare readonly bases: pulumi.Output<Record<string, string>>;
  declare readonly entrypoint: pulumi.Output<string[]>;
  declare readonly command: pulumi.Output<string[]>;
  declare readonly workdir: pulumi.Output<string>;
  /** Numeric ids of the image's USER, looked up in the image's /etc/passwd. */
  declare readonly uid: pulumi.Output<number>;
  declare readonly gid: pulumi.Output<number>;
  /** Whether there is a /bin/sh in it. */
  declare readonly shell: pulumi.Output<boolean>;
  /** The image's VOLUME paths, sorted. Undefined in a state of a release that did not look, until the image changes. */
  declare readonly volumes: pulumi.Output<string[] | undefined>;
  constructor(name: string, args: Inputs<ImageArgs>, opts?: pulumi.CustomResourceOptions) {
    const outputs = {
      contentHash: undefined,
      imageId: undefined,
      tag: undefined,
      bases: undefined,
      entrypoint: undefined,
      command: undefined,
      workdir: undefined,
      uid: undefined,
      gid: undefined,
      shell: undefined,
      volumes: undefined,
    };
    super("dockstage:index:Image", name, { ...outputs, ...args }, opts);
  }
}

/** `dockstage:index:Files`: a new volume that holds these files, immutable: changed content makes a new one before the old goes. */
export interface FilesArgs {
  /** Beginning of the volume's name; a random end is added. */
  readonly prefix: string;
  /** Path in the volume to content; mode is octal, for example "0400". The whole value is a secret where a part of it is. */
  readonly files: Record<string, { content: string; mode: string }>;
  /** Owner of the files. */
  readonly uid: number;
  readonly gid: number;
  /** An image ID that is on the engine: a container of it, never started, is what files are copied through. */
  readonly image: string;
  readonly labels: Labels;
}
export class Files extends pulumi.CustomResource {
  /** Physical name of the volume. */
  declare readonly volume: pulumi.Output<string>;
  constructor(name: string, args: Inputs<FilesArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Files", name, { volume: undefined, ...args }, opts);
  }
}

/**
 * `dockstage:index:Generation`: a token for one generation of a service's containers, which carry it as the label
 * `dockstage.generation`. A changed definition makes a new token, and so does an engine that no longer has the containers.
 */
export interface GenerationArgs {
  /** Hash of everything that the containers are made of. */
  readonly definition: string;
  /** How many containers carry the token. */
  readonly replicas: number;
}
export class Generation extends pulumi.CustomResource {
  /** Eight characters of `[a-z0-9]`. */
  declare readonly token: pulumi.Output<string>;
  constructor(name: string, args: Inputs<GenerationArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Generation", name, { token: undefined, ...args }, opts);
  }
}

/** `dockstage:index:Ready`: waits until containers are healthy; if one is not in time, removes them and says why. */
export interface ReadyArgs {
  /** For messages: `web`. */
  readonly service: string;
  readonly containers: string[];
  /**
   * A command inside each container, or a GET sent from the container `from` to each container's name. With neither, each must run for
   * a second without being restarted.
   */
  readonly command?: string[];
  readonly http?: { port: number; path: string; from: string };
  readonly timeoutSeconds: number;
}
export class Ready extends pulumi.CustomResource {
  /** The containers, once they are ready. */
  declare readonly ready: pulumi.Output<string[]>;
  constructor(name: string, args: Inputs<ReadyArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Ready", name, { ready: undefined, ...args }, opts);
  }
}

/** `dockstage:index:Route`: a route in a demux that runs; checked before it is used, without a dropped connection. */
export interface RouteArgs {
  /** Container ID of the demux. */
  readonly door: string;
  /** Name of the route's file: `[a-z0-9.-]`. */
  readonly route: string;
  readonly hosts: string[];
  /** DNS name of the upstream: one that no other generation has. */
  readonly upstream: string;
  readonly port: number;
  /** How long requests to the old upstream may take before the update goes on, in seconds. */
  readonly drainSeconds: number;
}
export class Route extends pulumi.CustomResource {
  constructor(name: string, args: Inputs<RouteArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Route", name, { ...args }, opts);
  }
}

/** `dockstage:index:Job`: a container that runs to completion, with its log as progress. Only `trigger` makes it run again. */
export interface JobArgs {
  /** For messages: `migrate`. */
  readonly job: string;
  readonly trigger: string[];
  readonly image: string;
  readonly entrypoint: string[];
  readonly command: string[];
  readonly env: Record<string, string>;
  readonly workdir?: string;
  readonly user?: string;
  /** What this image has at the path is put into the first mount, where that is an empty volume, before the job runs. */
  readonly fill?: { image: string; path: string };
  readonly networks: string[];
  readonly mounts: { type: "volume" | "bind"; source: string; target: string; readOnly: boolean }[];
  readonly scratch: string[];
  readonly readOnlyRoot: boolean;
  readonly capabilities: string[];
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly timeoutSeconds: number;
  /** It does not run, and counts as done: the data that it would make was taken over. @default false */
  readonly done?: boolean;
  readonly labels: Labels;
}
export class Job extends pulumi.CustomResource {
  /** When it last ended well, ISO 8601. */
  declare readonly finishedAt: pulumi.Output<string>;
  constructor(name: string, args: Inputs<JobArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Job", name, { finishedAt: undefined, ...args }, opts);
  }
}

/** `dockstage:index:Lease`: a free subnet or port, chosen under a lock when it is created, kept in the state and in the ledger. */
export type LeaseArgs =
  | { readonly holder: pulumi.Input<string>; readonly subnet: pulumi.Input<{ pool: string; prefix: number }> }
  | { readonly holder: pulumi.Input<string>; readonly port: pulumi.Input<{ address: string; from: number; to: number }> };
export class Lease extends pulumi.CustomResource {
  /** `10.213.0.32/27` or `8080`. */
  declare readonly value: pulumi.Output<string>;
  constructor(name: string, args: LeaseArgs, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Lease", name, { value: undefined, ...args }, opts);
  }
}

/**
 * `dockstage:index:Stamp`: tells a volume from one of the same name that was made anew, by a token that the volume has as a label. A volume
 * that the state does not know is refused, unless the run may take it over (DOCKSTAGE_ADOPT, or `pulumi import` of the stamp).
 */
export interface StampArgs {
  /** Physical name. */
  readonly volume: string;
  /** Identity labels, for a volume that has to be made anew. */
  readonly labels: Labels;
  /** No database, and no files of the app's: it is taken as it is. @default false */
  readonly disposable?: boolean;
  /** What a person is told whose run takes it over. */
  readonly adopting?: string;
}
export class Stamp extends pulumi.CustomResource {
  declare readonly token: pulumi.Output<string>;
  /** Whether its data was there before this state. @default false */
  declare readonly adopted: pulumi.Output<boolean | undefined>;
  constructor(name: string, args: Inputs<StampArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Stamp", name, { token: undefined, adopted: undefined, ...args }, opts);
  }
}

/** `dockstage:index:Password`: letters and digits from a cryptographic source, made once, a secret. */
export class Password extends pulumi.CustomResource {
  declare readonly value: pulumi.Output<string>;
  constructor(name: string, args: Inputs<{ length: number }>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Password", name, { value: undefined, ...args }, { ...opts, additionalSecretOutputs: ["value"] });
  }
}

/** `dockstage:index:External`: a network that somebody else owns. Its absence is an error that says what to do. */
export interface ExternalArgs {
  readonly network: string;
  /** The whole sentence that a person reads when it is not there. */
  readonly absent: string;
}
export class External extends pulumi.CustomResource {
  /** The network's ID. */
  declare readonly networkId: pulumi.Output<string>;
  constructor(name: string, args: Inputs<ExternalArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:External", name, { networkId: undefined, ...args }, opts);
  }
}

/** `dockstage:index:Announcement`: the environment's entry on the page of the host demux, which no `up` fails for. */
export interface AnnouncementArgs {
  readonly project: string;
  readonly stack: string;
  readonly stage: string;
  /** One for each variant. */
  readonly urls: string[];
  /** URL of the mailbox, where the stage has one. */
  readonly mailbox?: string;
}
export class Announcement extends pulumi.CustomResource {
  constructor(name: string, args: Inputs<AnnouncementArgs>, opts?: pulumi.CustomResourceOptions) {
    super("dockstage:index:Announcement", name, { since: undefined, content: undefined, ...args }, opts);
  }
}
