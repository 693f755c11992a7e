import { posix } from "node:path";
import type { DatabaseChoice, Description, Limits, Settings } from "../config/settings";
import { app, valuesOf, type AppArgs } from "../components/app";
import { appImage, appImageName, type AppImageArgs } from "../components/app-image";
import { companion, type CompanionArgs } from "../components/companion";
import { connectionTo, database, serverName, type Connection, type DatabaseArgs, type Schema } from "../components/database";
import { databaseVolume, type DatabaseVolumeArgs } from "../components/database-volume";
import { limitsOf } from "../components/defaults";
import { ideBridge, type DebuggerArgs } from "../components/debugger";
import { demux, type DemuxArgs } from "../components/demux";
import { filesVolume, filesVolumeName, type FilesVolumeArgs } from "../components/files-volume";
import { catcherAddress, mailCatcher, type MailCatcherArgs } from "../components/mail-catcher";
import { mailRelay, type MailRelayArgs } from "../components/mail-relay";
import { networks, type NetworksArgs } from "../components/networks";
import { secrets, type SecretsArgs } from "../components/secrets";
import { slug } from "../plan/names";
import type { Plan, PlanComponent, PlanRecord, Ref, Run } from "../plan/records";
import { capabilitiesOf, violations, type Capabilities } from "./matrix";
import { variantsOf, type Variant } from "./variants";

/** One component of an environment with its arguments: what both plan() and the running program start from. */
export type Part =
  | { readonly type: "Networks"; readonly name: string; readonly args: NetworksArgs }
  | { readonly type: "Secrets"; readonly name: string; readonly args: SecretsArgs }
  | { readonly type: "Demux"; readonly name: string; readonly args: DemuxArgs }
  | { readonly type: "DatabaseVolume"; readonly name: string; readonly args: DatabaseVolumeArgs }
  | { readonly type: "Database"; readonly name: string; readonly args: DatabaseArgs }
  | { readonly type: "MailCatcher"; readonly name: string; readonly args: MailCatcherArgs }
  | { readonly type: "MailRelay"; readonly name: string; readonly args: MailRelayArgs }
  | { readonly type: "Debugger"; readonly name: string; readonly args: DebuggerArgs }
  | { readonly type: "Companion"; readonly name: string; readonly args: CompanionArgs }
  | { readonly type: "AppImage"; readonly name: string; readonly args: AppImageArgs }
  | { readonly type: "FilesVolume"; readonly name: string; readonly args: FilesVolumeArgs }
  | { readonly type: "App"; readonly name: string; readonly args: AppArgs };

/** The records that a part asks for. */
export function recordsOfPart(part: Part): readonly PlanRecord[] {
  switch (part.type) {
    case "Networks":
      return networks(part.args);
    case "Secrets":
      return secrets(part.args);
    case "Demux":
      return demux(part.args);
    case "DatabaseVolume":
      return databaseVolume(part.args);
    case "Database":
      return database(part.args);
    case "MailCatcher":
      return mailCatcher(part.args);
    case "MailRelay":
      return mailRelay(part.args);
    case "Debugger":
      return ideBridge(part.args);
    case "Companion":
      return companion(part.args);
    case "AppImage":
      return appImage(part.args);
    case "FilesVolume":
      return filesVolume(part.args);
    case "App":
      return app(part.args);
    default:
      return part satisfies never;
  }
}

/** The user of the recipe's images, and the one who gets access where a folder is root's. */
const APP_USER = { uid: 1000, gid: 1000 };
/** Where the recipe puts the app. */
const RECIPE_ROOT = "/app";

const LIMITS: Readonly<Record<Capabilities["limits"], Run["limits"]>> = {
  tight: { memory: 256, cpus: 0.5 },
  normal: { memory: 512, cpus: 1 },
};

/** A variant with what the environment decided for it. */
export interface Cell {
  readonly variant: Variant;
  /** Set where there are several variants: then every name ends in it. */
  readonly suffix?: string;
  readonly host: string;
  readonly url: string;
  readonly schema?: Schema;
  readonly connection?: Connection;
}

const urlOf = (host: string, port: number): string => `http://${host}${port === 80 ? "" : `:${port}`}`;

/** The variants of an environment, with host names and schemas. */
export function cellsOf(settings: Settings, capabilities: Capabilities): readonly Cell[] {
  const { project, stack, machine } = settings;
  const variants = variantsOf(settings.app, capabilities.system);
  return variants.map((variant) => {
    const suffix = variants.length > 1 ? slug(variant.name) : undefined;
    const host = [...(suffix ? [suffix] : []), project, stack, "localhost"].join(".");
    const name = slug(suffix ? `${project}-${suffix}` : project).replaceAll("-", "_");
    const schema = variant.database && { name, ...(suffix && { variant: suffix }) };
    return {
      variant,
      host,
      url: urlOf(host, machine.hostPort),
      ...(suffix && { suffix }),
      ...(variant.database && schema && { schema, connection: connectionTo(variant.database, schema) }),
    };
  });
}

/** Where the app lies in its image, as far as the description says it. */
const rootOf = ({ source }: Description): string | undefined =>
  source.from === "php" ? RECIPE_ROOT : source.from === "build" ? source.mount : undefined;

/** How the person's folder is mounted, where the stage mounts it and the source can be mounted. */
function mountedOf({ app: { source }, machine: { owner } }: Settings, capabilities: Capabilities): AppArgs["mounted"] {
  const at = source.from === "php" ? RECIPE_ROOT : source.from === "build" ? source.mount : undefined;
  if (capabilities.source !== "mounted" || !at) return undefined;
  // A folder of root's is opened for the app's own user: no container runs as root for it.
  return owner.uid === 0 ? { at, ...APP_USER, openFor: APP_USER.uid } : { at, ...owner };
}

/** What the debugger looks at, where the stage has one and knows how to put it into the app's image. */
export const debuggerOf = ({ app: { source }, stage }: Settings, capabilities: Capabilities): "request" | "all" | undefined =>
  capabilities.extra === "debugger" && source.from === "php" && stage.debugger !== "off" ? stage.debugger : undefined;

/** Where the mailbox of a stage that catches its mail is. */
export function inboxOf({ project, stack, machine }: Settings): { readonly host: string; readonly url: string } {
  const host = `mail.${project}.${stack}.localhost`;
  return { host, url: urlOf(host, machine.hostPort) };
}

function mailParts(settings: Settings, { mail }: Capabilities): readonly Part[] {
  if (mail.mode !== "catch") return [];
  const { catcher } = settings.stage.mail;
  return [
    { type: "MailCatcher", name: "catcher", args: { ...catcher, hosts: [inboxOf(settings).host], door: "service:door" } },
    { type: "MailRelay", name: "relay", args: { mode: mail.mode, to: catcherAddress(catcher) } },
  ];
}

const unique = (choices: readonly DatabaseChoice[]): readonly DatabaseChoice[] => [
  ...new Map(choices.map((choice) => [serverName(choice), choice])).values(),
];

const merge = (stage: Limits, description: Limits, defaults: Run["limits"]): Run["limits"] =>
  limitsOf(stage, limitsOf(description, defaults));

function databaseParts(cells: readonly Cell[], capabilities: Capabilities): readonly Part[] {
  return unique(cells.flatMap(({ variant }) => (variant.database ? [variant.database] : []))).flatMap((choice): Part[] => {
    const server = serverName(choice);
    const schemas = cells.flatMap(({ variant, schema }) =>
      schema && variant.database && serverName(variant.database) === server ? [schema] : [],
    );
    const { protect } = capabilities.data;
    const volume: DatabaseVolumeArgs = { engine: choice.engine, series: choice.series, protect, ownImage: !choice.image };
    return [
      { type: "DatabaseVolume", name: `data-${server}`, args: volume },
      { type: "Database", name: server, args: { choice, schemas } },
    ];
  });
}

function cellParts(settings: Settings, capabilities: Capabilities, cell: Cell): readonly Part[] {
  const { app: description, stage, machine } = settings;
  const { variant, suffix } = cell;
  const debug = debuggerOf(settings, capabilities);
  const mounted = mountedOf(settings, capabilities);
  const root = rootOf(description);
  const end = suffix ? `-${suffix}` : "";
  const image: Ref<"image"> = `image:${appImageName(suffix)}`;
  const data = Object.entries(description.writable).flatMap(([path, kind]) => (kind === "data" ? [path] : []));
  const owner = (path: string): FilesVolumeArgs["owner"] =>
    mounted ? { uid: mounted.uid, gid: mounted.gid } : { image, path: root ? posix.resolve(root, path) : path };
  return [
    {
      type: "AppImage",
      name: `image${end}`,
      args: {
        source: description.source,
        mounted: mounted !== undefined,
        debugger: debug !== undefined,
        sendmail: description.sendmail,
        writable: Object.keys(description.writable),
        ...(variant.php && { php: variant.php }),
        ...(suffix && { variant: suffix }),
      },
    },
    ...data.map((path): Part => ({
      type: "FilesVolume",
      name: filesVolumeName(path, suffix),
      args: { path, protect: capabilities.data.protect, owner: owner(path), ...(suffix && { variant: suffix }) },
    })),
    {
      type: "App",
      name: `app${end}`,
      args: {
        app: description,
        ...(root && { root }),
        url: cell.url,
        hosts: [cell.host],
        port: machine.hostPort,
        door: "service:door",
        limits: merge(stage.web, description.web, LIMITS[capabilities.limits]),
        replicas: capabilities.replicas,
        migrations: machine.migrations,
        after: Object.keys(description.services).map((host) => `service:${host}` as const),
        beside: [
          ...(capabilities.mail.mode === "catch" ? (["service:relay"] as const) : []),
          ...(debug ? (["service:debugger"] as const) : []),
        ],
        ...(debug && { debugger: debug }),
        ...(suffix && { variant: suffix }),
        ...(mounted && { mounted }),
        ...(cell.connection && { database: cell.connection }),
        ...(capabilities.data.from === "generated" && { seedSize: stage.data.size }),
      },
    },
  ];
}

/**
 * The parts of an environment, in the order in which they are made.
 *
 * @throws Error if the stage's capabilities break a safety rule
 */
export function partsOf(settings: Settings): readonly Part[] {
  const { project, stack, app: description, stage } = settings;
  const capabilities = capabilitiesOf(stage.stage);
  const broken = violations(stage.stage, capabilities);
  if (broken.length > 0) throw new Error(broken.join("\n"));
  const cells = cellsOf(settings, capabilities);
  const { protect } = capabilities.data;
  const companionValues = valuesOf(cells[0]?.url ?? "", description.secrets);
  return [
    { type: "Networks", name: "networks", args: {} },
    { type: "Demux", name: "door", args: { mode: "door", project, stack } },
    ...(Object.keys(description.secrets).length > 0
      ? [{ type: "Secrets", name: "secrets", args: { secrets: description.secrets } } as const]
      : []),
    ...mailParts(settings, capabilities),
    ...(debuggerOf(settings, capabilities) ? [{ type: "Debugger", name: "debugger", args: {} } as const] : []),
    ...databaseParts(cells, capabilities),
    ...Object.entries(description.services).map(([host, service]): Part => ({
      type: "Companion",
      name: host,
      args: { host, service, values: companionValues, protect },
    })),
    ...cells.flatMap((cell) => cellParts(settings, capabilities, cell)),
  ];
}

const planOf = (project: string, stack: string, parts: readonly Part[]): Plan => ({
  project,
  stack,
  components: parts.map((part): PlanComponent => ({ type: part.type, name: part.name, records: recordsOfPart(part) })),
});

/** The plan of an environment: a pure function of its settings. */
export const plan = (settings: Settings): Plan => planOf(settings.project, settings.stack, partsOf(settings));

/** The parts of the host program. */
export const hostParts = (address: string): readonly Part[] => [
  { type: "Demux", name: "demux", args: { mode: "host", address, range: [8080, 8099] } },
];

/** The plan of the host program. */
export const hostPlan = (project: string, stack: string, address: string): Plan => planOf(project, stack, hostParts(address));
