/**
 * The plan: plain data with symbolic references, the same for every container platform. `service:web` uses `image:web`,
 * `secret:db` and `network:data`; a platform (see platforms/platform.ts) decides how each record becomes real.
 *
 * Names are `[a-z0-9.-]`, unique per kind. No record holds a secret value, an absolute path or a Pulumi type.
 */

/** The kinds of record a plan may hold. */
export type Kind = "image" | "network" | "volume" | "secret" | "file" | "service" | "job" | "route";

/** A symbolic reference to another record of the same plan, for example `image:web`. */
export type Ref<K extends Kind = Kind> = K extends Kind ? `${K}:${string}` : never;

interface Named<K extends Kind> {
  readonly kind: K;
  /** Unique among the records of its kind. */
  readonly name: string;
}

/**
 * A folder of the build context: `app:` is the folder of dockstage.yaml, `package:` the folder that dockstage is installed
 * in, so that the plan is the same on every machine. Files that the folder's .dockerignore names are left out.
 */
export interface ContextFolder {
  readonly path: `app:${string}` | `package:${string}`;
  /** Where its files go in the build context; "" is the context's root. */
  readonly to: string;
}

export type ImageSource =
  | {
      readonly from: "build";
      readonly context: readonly ContextFolder[];
      /** Path inside the build context. */
      readonly dockerfile: string;
      readonly target?: string;
      readonly args: Readonly<Record<string, string>>;
      /** Build secrets: id (as in `RUN --mount=type=secret,id=...`) to value. They are in no layer and not part of the hash. */
      readonly secrets: Readonly<Record<string, Ref<"secret">>>;
    }
  | {
      /** Another image of this plan with layers on top. The Dockerfile gets its tag as BASE and its user's `uid:gid` as BASE_USER. */
      readonly from: "derive";
      readonly base: Ref<"image">;
      readonly context: readonly ContextFolder[];
      /** Path inside the build context. */
      readonly dockerfile: string;
    }
  | {
      readonly from: "reference";
      /** `repository:tag` or, better, `repository@sha256:...`. */
      readonly reference: string;
    };

/** An image, built from sources or referred to. What an image's identity covers is stated in provider/image.ts. */
export interface ImageRecord extends Named<"image"> {
  readonly source: ImageSource;
}

/** A network of the environment. */
export interface NetworkRecord extends Named<"network"> {
  /**
   * Without a way out, and without an address of the machine's own in it: what listens on the machine cannot be reached from it. Only the
   * host program's `public` network has a way out. A network with a `physicalName`, in which there are only doors, has such an address.
   */
  readonly internal: boolean;
  /** A network that somebody else owns, by its physical name (the host program's `dockstage-doors`). */
  readonly external?: string;
  /** A physical name that others find this network by. @default chosen by the platform */
  readonly physicalName?: string;
}

/** A volume that outlives the services that mount it. Its physical name never changes. */
export interface VolumeRecord extends Named<"volume"> {
  /** A destroy refuses to delete it, and removing it from the plan keeps it. */
  readonly protect: boolean;
  /** Who must be able to write in it: numeric ids, or the USER of an image. @default nothing is changed */
  readonly owner?:
    | { readonly uid: number; readonly gid: number }
    | {
        readonly image: Ref<"image">;
        /** Where it will be mounted in that image (as in mounts): what the image has there is put in first. */
        readonly path: string;
      };
  /** No database, and no files of the app's: one of that name that the state does not know is taken as it is. @default false, and taking it over must be asked for */
  readonly disposable?: boolean;
  /** What a person must be told who takes it over from a state that was lost. @default nothing */
  readonly adopting?: string;
}

export type SecretSource =
  /** Made once, kept in the state; letters and digits only, so that it needs no escaping in a URL. */
  | { readonly from: "generate"; readonly length: number }
  /** The stack's own config, under this key. */
  | { readonly from: "config"; readonly key: string }
  /** Text put together from literals and other secrets. */
  | { readonly from: "compose"; readonly parts: readonly (string | { readonly secret: Ref<"secret"> })[] };

export interface SecretRecord extends Named<"secret"> {
  readonly source: SecretSource;
}

/** A file of a service's own configuration. A changed one replaces the service's containers. */
export interface FileRecord extends Named<"file"> {
  readonly content: string;
  readonly executable: boolean;
}

/** `path` is absolute, or relative to the image's WORKDIR. */
export type Mount =
  | { readonly from: Ref<"volume">; readonly path: string; readonly readOnly: boolean }
  /**
   * A folder of the person's own machine, in DEV only. `openFor` is a uid that is not the owner's and gets write access by ACL;
   * `folders` are made in it (owned by the owner) because other volumes are mounted there.
   */
  | {
      readonly from: `app:${string}`;
      readonly path: string;
      readonly readOnly: boolean;
      readonly openFor?: number;
      readonly folders: readonly string[];
    };

/**
 * A secret handed to a program, never in the container's definition: as a variable that its entrypoint reads from a file, or as
 * the file `secretPath(name)`.
 */
export type SecretUse = { readonly secret: Ref<"secret">; readonly as: { readonly env: string } | { readonly file: string } };

/** Where a secret that is used as a file lies in the container. */
export const secretPath = (file: string): string => `/run/dockstage/secrets/${file}`;

/** Where a file record lies in the container. */
export const filePath = (file: string): string => `/run/dockstage/files/${file}`;

export type Probe =
  /** A GET on the container's own address; 2xx and 3xx are healthy. A platform without probes of its own sends it from the service `from`. */
  | { readonly http: { readonly port: number; readonly path: string; readonly from: Ref<"service"> } }
  /** A command inside the container; exit code 0 is healthy. */
  | { readonly command: readonly string[] };

export interface Health {
  readonly probe: Probe;
  /** How long a new container may take to become healthy, in seconds. */
  readonly timeoutSeconds: number;
  /** Time between two probes of a running container, in seconds. */
  readonly intervalSeconds: number;
}

/** What runs in a container, be it for long (a service) or until it ends (a job). */
export interface Run {
  readonly image: Ref<"image">;
  /** @default the image's ENTRYPOINT */
  readonly entrypoint?: readonly string[];
  /** @default the image's CMD */
  readonly command?: readonly string[];
  /** Plain values only; secrets go through `secrets`. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretUse[];
  /** Name to file; the file lies at `filePath(name)`. */
  readonly files: Readonly<Record<string, Ref<"file">>>;
  readonly mounts: readonly Mount[];
  /** Paths, as in mounts, that may be written and are lost with the container: on disk, but for `/run`, which is small and in memory. */
  readonly scratch: readonly string[];
  readonly networks: readonly { readonly network: Ref<"network">; readonly aliases: readonly string[] }[];
  /** `uid:gid`. @default the image's USER */
  readonly user?: string;
  readonly workdir?: string;
  readonly readOnlyRoot: boolean;
  /** Linux capabilities kept (without `CAP_`); all others are dropped. */
  readonly capabilities: readonly string[];
  readonly limits: {
    /** MiB of memory; there is no swap beyond it. */
    readonly memory: number;
    /** Cores; 0.5 is half a core. */
    readonly cpus: number;
  };
  /** Records that must be ready (services), finished (jobs) or there (the rest) before. */
  readonly after: readonly Ref[];
}

/** A program that keeps running. */
export interface ServiceRecord extends Named<"service">, Run {
  readonly replicas: number;
  /**
   * start-first: the new containers are ready before the old ones stop, and there is no shared alias, because a name service
   * would hand out containers that are not ready yet. stop-first: for what may run only once (a database).
   */
  readonly update: "start-first" | "stop-first";
  /** @default it is healthy when it keeps running */
  readonly health?: Health;
  readonly stop: { readonly graceSeconds: number; readonly signal?: string };
  /** Ports on the host; only the host program's demux has one. The first free port of the range is leased and kept. */
  readonly publish: readonly {
    readonly lease: string;
    readonly address: string;
    readonly containerPort: number;
    readonly range: readonly [number, number];
  }[];
  /** Public addresses of the environment that the program must reach from inside, at loopback (clients send *.localhost there). */
  readonly self?: {
    readonly hosts: readonly string[];
    readonly port: number;
    readonly door: Ref<"service">;
    /** False where the program itself listens on that port, and so answers itself. */
    readonly forward: boolean;
  };
  /**
   * It runs in the machine's own network namespace, to reach what listens on the machine's loopback, and listens on nothing there itself.
   * Only DEV's debugger does; it has no `networks`. @default false
   */
  readonly hostNetwork?: boolean;
  /**
   * How the description keeps a folder of it: for the warning about a VOLUME of a foreign image that nothing keeps. @default it is
   * dockstage's own image, which has none
   */
  readonly keep?: { readonly as: "writable" } | { readonly as: "data"; readonly service: string };
  /** The variant that the service belongs to, if it belongs to one. */
  readonly variant?: string;
}

/** A program that runs to completion. A non-zero exit code fails the update. */
export interface JobRecord extends Named<"job">, Run {
  /** It runs again when one of these changes. */
  readonly trigger: {
    readonly values: readonly string[];
    /** Its image counts too. */
    readonly image: boolean;
    /** Volumes whose data it made or changed: where one was made anew, all of that has gone. */
    readonly volumes: readonly Ref<"volume">[];
  };
  readonly timeoutSeconds: number;
  /** It makes data up: it does not run on data that was taken over. @default false */
  readonly generates?: boolean;
  readonly variant?: string;
}

/** Requests for these host names go through the door to the service. */
export interface RouteRecord extends Named<"route"> {
  readonly door: Ref<"service">;
  readonly hosts: readonly string[];
  readonly service: Ref<"service">;
  readonly port: number;
  /** Services that must be ready before requests come, beside the one that they go to and those before it. */
  readonly after: readonly Ref<"service">[];
}

export type PlanRecord = ImageRecord | NetworkRecord | VolumeRecord | SecretRecord | FileRecord | ServiceRecord | JobRecord | RouteRecord;

/** The part of a plan that one component asks for. */
export interface PlanComponent {
  /** Type token's last part: `App` for `dockstage:components:App`. */
  readonly type: string;
  readonly name: string;
  readonly records: readonly PlanRecord[];
}

export interface Plan {
  /** The app's name; `dockstage-host` for the host program. */
  readonly project: string;
  readonly stack: string;
  readonly components: readonly PlanComponent[];
}

/** The reference to a record. */
export const refOf = (record: Pick<PlanRecord, "kind" | "name">): Ref => `${record.kind}:${record.name}`;

/** All records of a plan, in the order in which a platform realises them. */
export const recordsOf = (plan: Plan): readonly PlanRecord[] => plan.components.flatMap((component) => component.records);
