/**
 * The shapes that the platforms emit, and that the offline docker plugin therefore knows: nothing else is accepted. The golden
 * tests hold the platforms to this list, and the plugin's tests hold it to the official plugin's schema
 * (pulumi/pulumi-docker 5.2.0 over kreuzwerker/terraform-provider-docker 4.5.0, see tests/unit/offline/fixtures/).
 */

/** What a change of a property does. Where it is not said, an element of a replacing property replaces as well. */
export type OnChange = "replace" | "update";

/** A value of a property that nobody set. */
export type Rest = null | string | number | boolean | readonly never[] | Readonly<Record<string, never>>;

interface Common {
  readonly change: OnChange;
  /** "input" (the default), "both" (the engine's value where the program gives none), or "output" (never an input). */
  readonly use?: "input" | "both" | "output";
  /** Filled in by Check, and named in `__defaults`, where the program gives none. */
  readonly default?: string | number | boolean;
  /** The only value that is accepted. */
  readonly only?: boolean;
  /** What a string must look like. */
  readonly like?: RegExp;
  /** The smallest number that is accepted. */
  readonly least?: number;
  /** In a block: the state's value where nobody set one. @default null */
  readonly rest?: Rest;
}

export type Property = Common &
  (
    | { readonly kind: "string" | "integer" | "boolean" | "map" }
    | { readonly kind: "list" | "set"; readonly of: "string" | Properties }
    /** A block that there is at most once. */
    | { readonly kind: "object"; readonly of: Properties }
  );

export type Properties = { readonly [name: string]: Property };

export interface Shape {
  /** As in the URN and in the program. */
  readonly type: string;
  /** The name is made from the resource's logical name where the program gives none. */
  readonly autoname: boolean;
  readonly deleteBeforeReplace: boolean;
  /** The state's `__meta`, without which the official plugin takes it for one of an old version. */
  readonly meta?: string;
  readonly properties: Properties;
  /** What the official plugin's state holds for everything that nobody set, properties that the platforms never use among them. */
  readonly rest: Readonly<Record<string, Rest>>;
}

/** As Go writes and reads it: 30s, 1m30s, 500ms. */
const DURATION = /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/;
const replace = { change: "replace" } as const;
const update = { change: "update" } as const;
const labels = {
  kind: "set",
  of: { label: { kind: "string", ...replace }, value: { kind: "string", ...replace } },
  ...replace,
} as const satisfies Property;
const strings = { of: "string" } as const;
/** Terraform keeps a resource's timeouts (20 minutes, in nanoseconds) in its state under this well-known key. */
const timeouts = { "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": { create: 12e11, delete: 12e11, update: 12e11 } };

export const network: Shape = {
  type: "docker:index/network:Network",
  autoname: true,
  deleteBeforeReplace: false,
  meta: JSON.stringify({ schema_version: "1" }),
  properties: {
    name: { kind: "string", ...replace },
    driver: { kind: "string", use: "both", ...replace },
    internal: { kind: "boolean", use: "both", ...replace },
    ipamConfigs: {
      kind: "set",
      use: "both",
      of: {
        auxAddress: { kind: "map", use: "output", rest: {}, ...replace },
        gateway: { kind: "string", use: "output", rest: "", ...replace },
        ipRange: { kind: "string", use: "output", rest: "", ...replace },
        subnet: { kind: "string", rest: "", ...replace },
      },
      ...replace,
    },
    ipamDriver: { kind: "string", default: "default", ...replace },
    labels,
    options: { kind: "map", use: "both", ...replace },
    scope: { kind: "string", use: "output", ...replace },
  },
  rest: {
    attachable: false,
    driver: null,
    ingress: false,
    internal: false,
    ipamConfigs: [],
    ipamDriver: "default",
    ipamOptions: {},
    ipv6: false,
    labels: [],
    name: null,
    options: {},
    scope: null,
  },
};

export const volume: Shape = {
  type: "docker:index/volume:Volume",
  autoname: true,
  deleteBeforeReplace: false,
  meta: JSON.stringify({ schema_version: "1" }),
  properties: {
    name: { kind: "string", use: "both", ...replace },
    labels,
    driver: { kind: "string", use: "output", ...replace },
    mountpoint: { kind: "string", use: "output", ...replace },
  },
  rest: { cluster: null, driver: null, driverOpts: {}, labels: [], mountpoint: null, name: null },
};

export const remoteImage: Shape = {
  type: "docker:index/remoteImage:RemoteImage",
  autoname: false,
  deleteBeforeReplace: false,
  meta: JSON.stringify(timeouts),
  properties: {
    name: { kind: "string", ...replace },
    keepLocally: { kind: "boolean", ...update },
    imageId: { kind: "string", use: "output", ...replace },
    repoDigest: { kind: "string", use: "output", ...replace },
  },
  rest: {
    build: null,
    forceRemove: null,
    imageId: null,
    keepLocally: null,
    name: null,
    platform: null,
    pullTriggers: null,
    repoDigest: "",
    triggers: null,
  },
};

export const container: Shape = {
  type: "docker:index/container:Container",
  autoname: true,
  deleteBeforeReplace: true,
  meta: JSON.stringify({ ...timeouts, schema_version: "2" }),
  properties: {
    attach: { kind: "boolean", only: false, ...update },
    bridge: { kind: "string", use: "output", ...update },
    capabilities: {
      kind: "object",
      of: { adds: { kind: "set", rest: [], ...strings, ...replace }, drops: { kind: "set", rest: [], ...strings, ...replace } },
      ...replace,
    },
    command: { kind: "list", use: "both", ...strings, ...replace },
    containerLogs: { kind: "string", use: "output", ...update },
    containerReadRefreshTimeoutMilliseconds: { kind: "integer", default: 15000, ...update },
    cpus: { kind: "string", like: /^\d*\.?\d+$/, ...replace },
    destroyGraceSeconds: { kind: "integer", ...update },
    dns: { kind: "set", ...strings, ...replace },
    dnsOpts: { kind: "set", ...strings, ...replace },
    entrypoints: { kind: "list", use: "both", ...strings, ...replace },
    envs: { kind: "set", use: "both", ...strings, ...replace },
    exitCode: { kind: "integer", use: "output", ...update },
    healthcheck: {
      kind: "object",
      use: "both",
      of: {
        tests: { kind: "list", rest: [], ...strings, ...update },
        interval: { kind: "string", like: DURATION, default: "0s", ...update },
        timeout: { kind: "string", like: DURATION, default: "0s", ...update },
        startPeriod: { kind: "string", like: DURATION, default: "0s", ...update },
        startInterval: { kind: "string", like: DURATION, default: "0s", ...update },
        retries: { kind: "integer", least: 0, rest: 0, ...update },
      },
      ...update,
    },
    hostname: { kind: "string", use: "both", ...replace },
    hosts: { kind: "set", of: { host: { kind: "string", ...replace }, ip: { kind: "string", ...replace } }, ...replace },
    image: { kind: "string", ...replace },
    init: { kind: "boolean", use: "both", ...update },
    ipcMode: { kind: "string", use: "output", ...replace },
    labels: { ...labels, use: "both" },
    logDriver: { kind: "string", use: "both", ...replace },
    logOpts: { kind: "map", ...replace },
    logs: { kind: "boolean", only: false, ...update },
    memory: { kind: "integer", least: 0, ...update },
    memorySwap: { kind: "integer", least: -1, ...update },
    mounts: {
      kind: "set",
      of: {
        bindOptions: { kind: "object", use: "output", of: {}, ...update },
        target: { kind: "string", ...update },
        source: { kind: "string", rest: "", ...update },
        type: { kind: "string", like: /^(bind|volume|tmpfs)$/, ...update },
        readOnly: { kind: "boolean", rest: false, ...update },
        tmpfsOptions: {
          kind: "object",
          of: { sizeBytes: { kind: "integer", ...update }, mode: { kind: "integer", ...update } },
          ...replace,
        },
        volumeOptions: { kind: "object", use: "output", of: {}, ...update },
      },
      ...replace,
    },
    mustRun: { kind: "boolean", default: true, ...update },
    name: { kind: "string", ...replace },
    networkDatas: { kind: "list", use: "output", of: {}, ...update },
    networkMode: { kind: "string", default: "bridge", ...replace },
    networksAdvanced: {
      kind: "set",
      of: {
        aliases: { kind: "set", rest: [], ...strings, ...replace },
        driverOpts: { kind: "set", use: "output", rest: [], ...strings, ...replace },
        gwPriority: { kind: "integer", use: "output", rest: 0, ...replace },
        ipv4Address: { kind: "string", use: "output", rest: "", ...replace },
        ipv6Address: { kind: "string", use: "output", rest: "", ...replace },
        linkLocalIps: { kind: "set", use: "output", rest: [], ...strings, ...replace },
        macAddress: { kind: "string", use: "output", rest: "", ...replace },
        name: { kind: "string", ...replace },
      },
      ...replace,
    },
    platform: { kind: "string", use: "output", ...replace },
    ports: {
      kind: "list",
      of: {
        internal: { kind: "integer", ...replace },
        external: { kind: "integer", use: "both", ...replace },
        ip: { kind: "string", default: "0.0.0.0", ...replace },
        protocol: { kind: "string", default: "tcp", ...replace },
      },
      ...replace,
    },
    readOnly: { kind: "boolean", ...replace },
    removeVolumes: { kind: "boolean", default: true, ...update },
    restart: { kind: "string", like: /^(no|on-failure|always|unless-stopped)$/, default: "no", ...update },
    rm: { kind: "boolean", ...update },
    runtime: { kind: "string", use: "output", ...replace },
    securityOpts: { kind: "set", use: "both", ...strings, ...replace },
    shmSize: { kind: "integer", least: 0, use: "both", ...replace },
    start: { kind: "boolean", default: true, ...update },
    stopSignal: { kind: "string", use: "both", ...replace },
    stopTimeout: { kind: "integer", use: "both", ...replace },
    tmpfs: { kind: "map", ...update },
    ulimits: {
      kind: "set",
      of: { name: { kind: "string", ...replace }, soft: { kind: "integer", ...replace }, hard: { kind: "integer", ...replace } },
      ...replace,
    },
    user: { kind: "string", ...replace },
    volumes: {
      kind: "set",
      of: {
        containerPath: { kind: "string", ...replace },
        fromContainer: { kind: "string", use: "output", rest: "", ...replace },
        hostPath: { kind: "string", rest: "", ...replace },
        readOnly: { kind: "boolean", rest: false, ...replace },
        selinuxRelabel: { kind: "string", use: "output", rest: "", ...replace },
        volumeName: { kind: "string", rest: "", ...replace },
      },
      ...replace,
    },
    wait: { kind: "boolean", only: false, ...update },
    waitTimeout: { kind: "integer", default: 60, ...update },
    workingDir: { kind: "string", ...replace },
  },
  // One line per letter; the order is the official state's.
  rest: {
    attach: false,
    bridge: "",
    capabilities: null,
    cgroupParent: null,
    cgroupnsMode: null,
    command: [],
    containerLogs: null,
    containerReadRefreshTimeoutMilliseconds: 15000,
    cpuPeriod: null,
    cpuQuota: null,
    cpuSet: "",
    cpuShares: 0,
    cpus: null,
    destroyGraceSeconds: null,
    deviceReadBps: [],
    deviceReadIops: [],
    deviceRequests: [],
    deviceWriteBps: [],
    deviceWriteIops: [],
    devices: [],
    dns: [],
    dnsOpts: [],
    dnsSearches: [],
    domainname: "",
    entrypoints: [],
    envs: [],
    exitCode: null,
    gpus: null,
    groupAdds: [],
    healthcheck: null,
    hostname: "",
    hosts: [],
    image: null,
    init: false,
    ipcMode: "",
    labels: [],
    logDriver: "",
    logOpts: {},
    logs: false,
    maxRetryCount: 0,
    memory: 0,
    memoryReservation: 0,
    memorySwap: 0,
    mounts: [],
    mustRun: true,
    name: null,
    networkDatas: [],
    networkMode: "bridge",
    networksAdvanced: [],
    pidMode: null,
    platform: "",
    ports: [],
    privileged: false,
    publishAllPorts: false,
    readOnly: false,
    removeVolumes: true,
    restart: "no",
    rm: false,
    runtime: "",
    securityOpts: [],
    shmSize: 0,
    start: true,
    stdinOpen: false,
    stopSignal: "",
    stopTimeout: 0,
    storageOpts: {},
    sysctls: {},
    tmpfs: {},
    tty: false,
    ulimits: [],
    uploads: [],
    user: "",
    usernsMode: "",
    volumes: [],
    wait: false,
    waitTimeout: 60,
    workingDir: "",
  },
};

export const shapes: readonly Shape[] = [network, volume, remoteImage, container];

/** The names that a program may give to a property list, at its top level or in a block of it. */
export const inputNames = (properties: Properties): readonly string[] =>
  Object.keys(properties).filter((name) => properties[name]?.use !== "output");
