import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

/** Where Debian (chromium), Ubuntu and others put it. */
const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

/**
 * A real browser, without a window, that reaches nothing but this machine.
 *
 * @throws Error where there is none, with the way to one
 */
export function openBrowser(): Promise<Browser> {
  const program = process.env["CHROMIUM"] ?? PROGRAMS.find((path) => existsSync(path));
  if (program === undefined)
    throw new Error(
      `there is no Chromium on this machine (looked for ${PROGRAMS.join(", ")}): install it with \`apt-get install chromium\`, or name one in the variable CHROMIUM`,
    );
  return chromium.launch({
    executablePath: program,
    args: [
      // Chromium's sandbox refuses to run as root, as it does in CI.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-dev-shm-usage",
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE 127.0.0.1",
      "--disable-background-networking",
    ],
  });
}
