import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { attribute, Ide, type Session } from "../support/ide";
import { ensureHost, PACKAGE, request, Sandbox, type Answer } from "../support/sandbox";

jest.setTimeout(900_000);

/** Xdebug from the browser and the shell to an IDE on this machine's loopback, on the real engine, as `up` makes it. */

const sandbox = new Sandbox("dbg");
const host = `${sandbox.project}.dev.localhost`;
const FILE = "file:///app/public/index.php";
const BREAK = 4;
let url = "";
let ide: Ide;

const docker = (...args: readonly string[]): string => execFileSync("docker", args, { encoding: "utf8" });

/** The app in a PHP version behind an HTTP server, and what the debugger looks at. */
async function up(version: string, server: string, mode: string): Promise<void> {
  sandbox.write(
    "dockstage.yaml",
    `name: ${sandbox.project}
php: { versions: ["${version}"], live: "${version}", servers: [${server}], docroot: public }
web: { health: /index.php }
`,
  );
  sandbox.write("Pulumi.dev.yaml", `config:\n  ${sandbox.project}:settings:\n    debugger: "${mode}"\n`);
  await sandbox.mustUp();
  const { variants } = (await sandbox.outputs()) as { variants: Record<string, { url: string }> };
  url = Object.values(variants)[0]?.url ?? "";
}

/** Takes the next session, stops it at the breakpoint, looks at a variable, and lets it end. */
async function stopAtBreakpoint(session: Session): Promise<{ file: string; line: string; variable: string }> {
  await session.send(`breakpoint_set -t line -f ${session.init.fileuri} -n ${BREAK}`);
  const stopped = (await session.send("run")) ?? "";
  const message = stopped.slice(stopped.indexOf("<xdebug:message"));
  const variable = (await session.send("property_get -n $sum")) ?? "";
  await session.finish();
  return { file: attribute(message, "filename"), line: attribute(message, "lineno"), variable: /CDATA\[(.*?)\]/.exec(variable)?.[1] ?? "" };
}

/** What the debugger saw of a request or a command, and the answer. Fails with the answer if that came without a session. */
async function debugged<T>(answer: Promise<T>): Promise<{ init: Session["init"]; stop: object; answer: T }> {
  const session = await Promise.race([
    ide.session(),
    answer.then((value) => {
      throw new Error(`the IDE saw no session of ${JSON.stringify(value)}`);
    }),
  ]);
  const stop = await stopAtBreakpoint(session);
  return { init: session.init, stop, answer: await answer };
}

const seen = { file: FILE, line: String(BREAK), variable: "3" };
const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> => request(`${url}${path}`, { headers });

/** A command in the web container, by the verb that people use. */
async function exec(...command: readonly string[]): Promise<string> {
  const args = [join(PACKAGE, "cli", "dockstage"), "exec", "web", "--", ...command];
  const child = spawn(process.execPath, args, { cwd: sandbox.app, env: sandbox.env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  await once(child, "close");
  return output;
}

beforeAll(async () => {
  ensureHost();
  execFileSync("mkdir", ["-p", join(sandbox.app, "public")]);
  sandbox.write(
    "public/index.php",
    `<?php
function add($a, $b) { return $a + $b; }
$sum = add(1, 2);
echo $sum, extension_loaded("xdebug") ? " with" : " without";
`,
  );
  await sandbox.init();
});
afterAll(() => sandbox.clean());
beforeEach(async () => {
  ide = new Ide();
  await ide.listen();
});
afterEach(() => ide.close());

describe("nginx with PHP 7.4, requests that ask", () => {
  beforeAll(() => up("7.4", "nginx", "request"));

  test("one that does not ask is served by a PHP without Xdebug, and nothing connects", async () => {
    expect(await get("/?XDEBUG=1&trigger=XDEBUG_TRIGGER")).toMatchObject({ status: 200, body: "3 without" });
    expect(await get("/", { cookie: "a=XDEBUG_SESSION; NOT_XDEBUG_SESSION=1" })).toMatchObject({ status: 200, body: "3 without" });
    expect(ide.connections).toBe(0);
  });

  test.each([
    ["/?XDEBUG_TRIGGER=1", "", "1"],
    ["/any/path?a=b&XDEBUG_SESSION_START=PHPSTORM", "", "PHPSTORM"],
    ["/", "a=b; XDEBUG_SESSION=VSCODE", "VSCODE"],
  ])("%s with the cookie %j stops at a breakpoint in the mounted source", async (path, cookie, idekey) => {
    const { init, stop, answer } = await debugged(get(path, cookie ? { cookie } : {}));
    expect(init).toEqual({ fileuri: FILE, idekey });
    expect(stop).toEqual(seen);
    expect(answer).toMatchObject({ status: 200, body: "3 with" });
  });

  test("a program of the command line is debugged behind `debug`, and only there", async () => {
    const { init, stop, answer } = await debugged(exec("debug", "php", "public/index.php"));
    expect([init.fileuri, stop, answer]).toEqual([FILE, seen, "3 with"]);
    expect(await exec("env", "XDEBUG_TRIGGER=1", "php", "public/index.php")).toBe("3 without");
    expect(await exec("sh", "-c", "echo $PHP_IDE_CONFIG")).toBe(`serverName=${host}\n`);
    expect(ide.connections).toBe(1);
  });

  test("without an IDE a request that asks is answered all the same", async () => {
    await ide.close();
    expect(await get("/?XDEBUG_TRIGGER=1")).toMatchObject({ status: 200, body: "3 with" });
  });

  test("the way to the IDE listens on no port, and comes back after a kill with its old socket in the way", async () => {
    const [bridge = ""] = await sandbox.containers("debugger");
    const listening = docker("exec", bridge, "sh", "-c", "cat /proc/net/tcp /proc/net/tcp6")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .flatMap(([, , , state, , , , , , inode]) => (state === "0A" && inode ? [`socket:[${inode}]`] : []));
    const open = docker("exec", bridge, "sh", "-c", "readlink /proc/1/fd/*");
    expect(open).toContain("socket:[");
    expect(listening.filter((socket) => open.includes(socket))).toEqual([]);

    docker("kill", "--signal", "KILL", bridge);
    expect(await get("/?XDEBUG_TRIGGER=1")).toMatchObject({ status: 200, body: "3 with" });
    docker("start", bridge);
    docker("exec", bridge, "sh", "-c", "until socat -u OPEN:/dev/null UNIX-CONNECT:/run/debugger/ide.sock; do sleep 0.1; done");
    // That was a connection too.
    const { stop } = await debugged(get("/?XDEBUG_TRIGGER=1"));
    expect(stop).toEqual(seen);
  });
});

describe("apache with PHP 8.2", () => {
  beforeAll(() => up("8.2", "apache", "all"));

  test("all requests are debugged, but for the health check", async () => {
    const { init, stop, answer } = await debugged(get("/"));
    expect([init.fileuri, stop]).toEqual([FILE, seen]);
    expect(answer).toMatchObject({ status: 200, body: "3 with" });
    expect(await exec("curl", "-s", "http://127.0.0.1:8080/index.php")).toBe("3 without");
    expect(ide.connections).toBe(1);
  });

  test("then only those that ask", async () => {
    await up("8.2", "apache", "request");
    expect(await get("/?a=%2F")).toMatchObject({ status: 200, body: "3 without" });
    expect(ide.connections).toBe(0);
    const { stop, answer } = await debugged(get("/?XDEBUG_TRIGGER"));
    expect(stop).toEqual(seen);
    expect(answer).toMatchObject({ status: 200, body: "3 with" });
    const cookie = await debugged(get("/any/path", { cookie: "XDEBUG_SESSION=PHPSTORM" }));
    expect(cookie.init).toEqual({ fileuri: FILE, idekey: "PHPSTORM" });
  });

  test("off: the image has no Xdebug at all, as those of the other stages", async () => {
    await up("8.2", "apache", "off");
    expect(await get("/?XDEBUG_TRIGGER=1")).toMatchObject({ status: 200, body: "3 without" });
    expect(await exec("sh", "-c", "find / -xdev -iname '*xdebug*' 2>/dev/null; command -v debug")).toBe("");
    expect(await sandbox.containers("debugger")).toEqual([]);
    expect(ide.connections).toBe(0);
  });
});
