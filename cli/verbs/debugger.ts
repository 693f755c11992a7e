import { resolve } from "node:path";
import { DEBUGGER_PORT } from "../../components/debugger";
import { readSettings } from "../../config/reader";
import type { Settings } from "../../config/settings";
import { partsOf } from "../../stages/plan";
import { variables } from "../machine";
import { CommandFailed } from "../pulumi";
import type { Call } from "../verb";

/** What an IDE needs to know about an environment's debugger. */
export interface IdeSettings {
  /** Which requests are debugged: those that ask for it, or all. */
  readonly mode: "request" | "all";
  /** Port of this machine's loopback on which the IDE waits. */
  readonly port: number;
  /** The app's URLs without a slash at the end; several where the environment has several variants. */
  readonly urls: readonly string[];
  /** Where the source lies in the containers, and on this machine. */
  readonly mapping: { readonly remote: string; readonly local: string };
}

/**
 * How the IDE and the debugger of an environment find each other.
 *
 * @param folder the app's folder on this machine, absolute
 * @returns undefined where the environment has no debugger
 */
export function ideSettingsOf(settings: Settings, folder: string): IdeSettings | undefined {
  const apps = partsOf(settings).flatMap((part) => (part.type === "App" ? [part.args] : []));
  const [first] = apps;
  if (!first?.debugger || !first.mounted) return undefined;
  return {
    mode: first.debugger,
    port: DEBUGGER_PORT,
    urls: apps.map(({ url }) => url),
    mapping: { remote: first.mounted.at, local: folder },
  };
}

/** The row of the table that `up` ends with. */
export const debugRow = ({ port, mapping: { remote, local } }: IdeSettings, stack: string): string =>
  `port ${port}, ${remote} -> ${local}; npx dockstage debugger${stack === "dev" ? "" : ` ${stack}`}`;

/** .vscode/launch.json for the extension PHP Debug. It listens on loopback only. */
export const launchOf = (name: string, { port, mapping: { remote, local } }: IdeSettings): object => ({
  version: "0.2.0",
  configurations: [{ name, type: "php", request: "launch", hostname: "127.0.0.1", port, pathMappings: { [remote]: local } }],
});

/** Why an environment has none, and what to do. */
function absence({ project, stack, app: { source }, stage }: Settings): string {
  const name = `${project} ${stack}`;
  if (source.from !== "php")
    return `${name} has no debugger: dockstage puts Xdebug into the images of its PHP recipe only (php: in dockstage.yaml)`;
  if (stage.debugger === "off")
    return `the debugger of ${name} is switched off: set settings.debugger in Pulumi.${stack}.yaml to request, and run "dockstage up ${stack}"`;
  return `${name} has no debugger: the stage ${stage.stage} has none, and its images have no Xdebug`;
}

/** The text for a person. */
export function textOf(name: string, ide: IdeSettings): string {
  const { mode, port, urls, mapping } = ide;
  const sites = urls.map((url) => new URL(url));
  const [first = ""] = urls;
  const curl = `curl "${first}/?XDEBUG_TRIGGER=1"`;
  const sent =
    mode === "all"
      ? ["Every request is debugged (settings.debugger: all); the health check is not."]
      : [
          "A request is debugged if it asks for it; all others stay as fast as without Xdebug:",
          `  parameter   ${curl}`,
          `  cookie      curl -b XDEBUG_SESSION=1 "${first}/"`,
          "  browser     an extension such as Xdebug Helper sets the cookie XDEBUG_SESSION",
        ];
  return [
    `The debugger of ${name} looks for an IDE at port ${port} of this machine's loopback. ${mapping.remote} is ${mapping.local}.`,
    "",
    "VS Code, with the extension PHP Debug, .vscode/launch.json:",
    "",
    JSON.stringify(launchOf(name, ide), null, 2),
    "",
    `PhpStorm, Settings > PHP > Debug > Xdebug > Port: ${port}; Settings > PHP > Servers:`,
    "",
    ...sites.flatMap(({ hostname, port: at }) => [
      `  Name          ${hostname}`,
      `  Host          ${hostname}`,
      `  Port          ${at || "80"}`,
      "  Debugger      Xdebug",
      `  Path mapping  ${mapping.local} -> ${mapping.remote}`,
      "",
    ]),
    "Let the IDE listen (VS Code: F5; PhpStorm: Start Listening for PHP Debug Connections), set a breakpoint. Then:",
    "",
    ...sent,
    "  programs    dockstage exec web -- debug php script.php",
    "",
  ].join("\n");
}

/** `dockstage debugger [stack]`: how an IDE is set up. Exit code. */
export function run({ arguments: [stack = "dev"], folder, env, flag }: Call): number {
  const { settings, folders } = readSettings({ folder: resolve(folder), stack, env: variables(env) });
  const ide = ideSettingsOf(settings, folders.app);
  if (!ide) throw new CommandFailed(absence(settings));
  const name = `${settings.project} ${stack}`;
  process.stdout.write(flag("json") ? `${JSON.stringify({ ...ide, vscode: launchOf(name, ide) }, null, 2)}\n` : textOf(name, ide));
  return 0;
}
