import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Docker Compose v2, built from its Go module where this user has not built that version yet; its path. About two minutes on two cores. */
export function compose(): string {
  const tools = join(__dirname, "tools");
  const [, version] = /github\.com\/docker\/compose\/v2 v(\S+)/.exec(readFileSync(join(tools, "go.mod"), "utf8")) ?? [];
  if (!version) throw new Error(`${tools}/go.mod names no version of github.com/docker/compose/v2`);
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "dockstage", `compose-${version}`);
  const program = join(folder, "docker-compose");
  if (existsSync(program)) return program;
  console.log(`Docker Compose ${version} is built from its Go module, once per version`);
  mkdirSync(folder, { recursive: true });
  const building = `${program}.${process.pid}`;
  execFileSync(
    "go",
    [
      "build",
      "-trimpath",
      "-buildvcs=false",
      `-ldflags=-s -w -X github.com/docker/compose/v2/internal.Version=v${version}`,
      "-o",
      building,
      "github.com/docker/compose/v2/cmd",
    ],
    {
      cwd: tools,
      env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "auto", GOFLAGS: "-mod=readonly", GOWORK: "off" },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  chmodSync(building, 0o755);
  renameSync(building, program);
  return program;
}
