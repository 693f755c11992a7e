import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { Sandbox } from "../../tests/support/sandbox";

/** The same services in two languages: an app with a web page, and companions that keep running. */

/** The companions' image: what every machine that is set up has. */
const IMAGE = "debian:bookworm-slim";
/** Ends at once when it is told to, as process 1. */
const RUN = ["perl", "-e", "$SIG{TERM} = sub { exit }; sleep 3600 while 1"];

const companions = (count: number): readonly string[] => Array.from({ length: count - 1 }, (_, at) => `companion${at + 1}`);

/** As a dockstage environment: `count` services, the web one among them. */
export async function asDockstage(count: number): Promise<Sandbox> {
  const sandbox = new Sandbox("bench");
  sandbox.copy("tests/support/apps/hello");
  sandbox.write(".dockerignore", "node_modules\nPulumi*\ndockstage.yaml\n");
  sandbox.write(
    "dockstage.yaml",
    stringify({
      name: sandbox.project,
      build: ".",
      web: { port: 3000, health: "/healthz", stopGrace: "2s" },
      ...(count > 1 && { services: Object.fromEntries(companions(count).map((name) => [name, { image: IMAGE, run: RUN }])) }),
    }),
  );
  await sandbox.init();
  return sandbox;
}

/** What dockstage gives each of its containers, too. */
const common = (memory: string, cpus: number, grace: string): object => ({
  mem_limit: memory,
  memswap_limit: memory,
  cpus,
  cap_drop: ["ALL"],
  security_opt: ["no-new-privileges:true"],
  restart: "unless-stopped",
  stop_grace_period: grace,
  logging: { driver: "json-file", options: { "max-size": "10m", "max-file": "3" } },
});

/** As a compose file; its folder. */
export function asCompose(count: number, folder: string, image: string): string {
  mkdirSync(folder, { recursive: true });
  const web = {
    image,
    networks: ["edge", "data"],
    depends_on: companions(count),
    // The same request; by bash, as the image has no curl. An Engine of 20.10 has no interval of its own for the start.
    healthcheck: {
      test: [
        "CMD",
        "bash",
        "-c",
        "exec 3<>/dev/tcp/127.0.0.1/3000 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '",
      ],
      interval: "1s",
      timeout: "5s",
      retries: 3,
    },
    ...common("256m", 0.5, "2s"),
  };
  const others = companions(count).map((name): [string, object] => [
    name,
    { image: IMAGE, command: RUN.map((word) => word.replaceAll("$", "$$$$")), networks: ["data"], ...common("256m", 0.5, "30s") },
  ]);
  writeFileSync(
    join(folder, "compose.yaml"),
    stringify({
      name: `bench-compose-${count}`,
      services: { web, ...Object.fromEntries(others) },
      networks: {
        edge: { internal: true, ipam: { config: [{ subnet: count > 1 ? "10.214.0.0/27" : "10.214.0.64/27" }] } },
        data: { internal: true, ipam: { config: [{ subnet: count > 1 ? "10.214.0.32/27" : "10.214.0.96/27" }] } },
      },
    }),
  );
  return folder;
}
