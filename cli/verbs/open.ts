import { spawn } from "node:child_process";
import { deploymentOf, outputsIn } from "../deployment";
import { environmentOf, nameOf, servicesOf } from "../environment";
import { CommandFailed } from "../pulumi";
import type { Call } from "../verb";

/** The program that opens a URL for the person at this terminal; undefined where there is nobody, or no display. */
function opener({ DISPLAY, WAYLAND_DISPLAY }: NodeJS.ProcessEnv): string | undefined {
  if (!process.stdout.isTTY) return undefined;
  if (process.platform === "darwin") return "open";
  return DISPLAY || WAYLAND_DISPLAY ? "xdg-open" : undefined;
}

/** `dockstage open [stack]`: prints the app's URL, one for each variant, and opens the first. */
export async function run({ arguments: [stack], flag, ...call }: Call): Promise<number> {
  const target = environmentOf(call, stack);
  await servicesOf(target);
  const outputs = outputsIn(deploymentOf(target));
  const inbox = outputs?.mail?.inbox;
  const urls = flag("mail") ? (inbox ? [inbox] : []) : Object.values(outputs?.variants ?? {}).map(({ url }) => url);
  const [first] = urls;
  if (first === undefined)
    throw new CommandFailed(
      flag("mail") && outputs
        ? `${nameOf(target)} has no mailbox: only mail that stays in the environment is caught`
        : `the state of ${nameOf(target)} has no URL: run "dockstage up ${target.stack}"`,
    );
  if (flag("json")) process.stdout.write(`${JSON.stringify({ urls }, null, 2)}\n`);
  else process.stdout.write(urls.map((url) => `${url}\n`).join(""));
  const program = flag("json") ? undefined : opener(call.env);
  // It may stay in the foreground as long as the browser runs.
  if (program)
    spawn(program, [first], { stdio: "ignore", detached: true })
      .on("error", () => undefined)
      .unref();
  return 0;
}
