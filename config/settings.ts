/**
 * What the reader hands on: frozen plain data, without Pulumi types and without secret values. dockstage.yaml and
 * Pulumi.<stage>.yaml, checked and with defaults filled in, and the few facts of the machine that the plan needs.
 */

export type DatabaseEngine = "mariadb" | "postgresql";
export type HttpServer = "apache" | "nginx";

/** The app's own PHP image, made by dockstage's recipe. */
export interface PhpSource {
  readonly from: "php";
  /** In the order of the description, for example ["7.4", "8.2"]. The oldest is DEV's. */
  readonly versions: readonly string[];
  /** The version of STAGING and LIVE; one of `versions`. @default the newest of `versions` */
  readonly live: string;
  /** The first is DEV's, STAGING's and LIVE's. */
  readonly servers: readonly HttpServer[];
  /** Folder that the HTTP server serves, relative to the app's folder. @default "public" */
  readonly docroot: string;
  readonly extensions: readonly string[];
  readonly ini: Readonly<Record<string, string>>;
  /** Shell commands that run in the image's build, in the app's folder (`composer install --no-dev`). Not in DEV, where the source is mounted. */
  readonly build: readonly string[];
  /** More Debian packages for the image. */
  readonly packages: readonly string[];
}

/** The team's own Dockerfile. */
export interface BuildSource {
  readonly from: "build";
  /** Relative to the folder of dockstage.yaml. @default "." */
  readonly context: string;
  /** Relative to the context. @default "Dockerfile" */
  readonly dockerfile: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, string>>;
  /** Names of secrets (declared under `secrets`) that the build may read under the id of the same name. */
  readonly secrets: readonly string[];
  /** In DEV the context is mounted here. @default not mounted */
  readonly mount?: string;
}

/** A ready image. */
export interface ImageSource {
  readonly from: "image";
  readonly reference: string;
}

/** A list is executed as it is, and so is a string of plain words; one that needs a shell goes through `/bin/sh -c`. The image's ENTRYPOINT stays. */
export type Command = string | readonly string[];

export interface Limits {
  /** MiB. */
  readonly memory?: number;
  /** Cores. */
  readonly cpus?: number;
}

export interface DatabaseChoice {
  readonly engine: DatabaseEngine;
  /** Release series: "10.11", "15". */
  readonly series: string;
  /** Another image with the environment contract of the official one. @default dockstage's own */
  readonly image?: string;
}

export interface Description {
  readonly name: string;
  readonly source: PhpSource | BuildSource | ImageSource;
  readonly web: Limits & {
    /** The port that the app listens on in its container; 8080 for the PHP recipe. */
    readonly port: number;
    /** Path that answers 2xx or 3xx when the app can serve. */
    readonly health: string;
    /** Seconds until a new container must be healthy. @default 60 */
    readonly healthTimeout: number;
    /** @default the image's CMD */
    readonly run?: Command;
    /** Seconds for requests under way when a container stops. @default 30 */
    readonly stopGrace: number;
  };
  readonly database?: {
    /** The first is DEV's, STAGING's and LIVE's. */
    readonly engines: readonly DatabaseChoice[];
    readonly migrate?: Command;
    /** Globs of the files that make `migrate` run again when they change. */
    readonly migrations: readonly string[];
    readonly seed?: Command;
  };
  /** Third-party companions, reached by their key as host name. */
  readonly services: Readonly<
    Record<
      string,
      Limits & {
        readonly image: string;
        readonly run?: Command;
        readonly env: Readonly<Record<string, string>>;
        /** Path of a volume for its data. */
        readonly data?: string;
      }
    >
  >;
  /** The same image, without traffic. */
  readonly processes: Readonly<Record<string, Limits & { readonly run: Command; readonly stopGrace: number; readonly replicas: number }>>;
  /** Values may hold `${...}` names; which ones is in config/names.ts, and the reader has checked them. */
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, "generate" | "required">>;
  /** Whether the app's image gets a layer with /usr/sbin/sendmail; the PHP recipe has one anyway. @default false */
  readonly sendmail: boolean;
  /** Paths relative to the app's folder in the image, or absolute. */
  readonly writable: Readonly<Record<string, "data" | "scratch">>;
}

export type StageName = "dev" | "test" | "staging" | "live";

/** What a stack's config may set; everything is optional there. */
export interface StageSettings {
  /** Which column of the matrix. @default the stack's name */
  readonly stage: StageName;
  readonly web: Limits;
  readonly data: {
    /** What `${size}` stands for in `database.seed`. @default 100 */
    readonly size: number;
  };
  readonly network: {
    /** Pool that the environment's subnets are taken from, CIDR. @default "10.213.0.0/16" */
    readonly pool: string;
  };
  /** Which requests the debugger looks at, in a stage that has one: those that ask for it, all, or none (it is not in the image then). @default "request" */
  readonly debugger: "request" | "all" | "off";
  readonly mail: {
    readonly catcher: {
      /** Another catcher, that takes SMTP and shows a web page. @default dockstage's own, with maildev */
      readonly image?: string;
      /** @default 1025 */
      readonly smtpPort: number;
      /** @default 1080 */
      readonly webPort: number;
    };
  };
}

/** Facts of the machine that the plan depends on. */
export interface Machine {
  /** Owner of the app's folder. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** The host program's HTTP port; 8080 as long as there is none. */
  readonly hostPort: number;
  /** SHA-256 over the files that `database.migrations` names, hex; "" where it names none. */
  readonly migrations: string;
}

export interface Settings {
  /** Equals the description's name. */
  readonly project: string;
  readonly stack: string;
  readonly app: Description;
  readonly stage: StageSettings;
  readonly machine: Machine;
}
