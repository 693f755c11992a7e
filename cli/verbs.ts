import type { Verb } from "./verb";

const stack = { usage: "[stack]", summary: "the environment", completes: "stack" } as const;

const json = { flags: "--json", summary: "one JSON document for machines, as docs/cli.md describes it" } as const;
const onStack = { flags: "--stack <stack>", summary: "the environment (default: dev)", completes: "stack" } as const;

/** All verbs, in the order of the help. Each one's code is loaded when it runs, so that a help text or a refusal needs none of it. */
export const verbs: readonly Verb[] = [
  {
    name: "init",
    summary: "write the files that make an app's folder a dockstage project",
    examples: ["dockstage init"],
    run: (call) => (require("./init") as typeof import("./init")).run(call),
  },
  {
    name: "up",
    summary: "bring an environment up, the host program first",
    more: "`dockstage up host` brings up what the engine shares among all environments. A machine that is not set up is set up.",
    arguments: [stack],
    options: [
      { flags: "--force", summary: "run Pulumi, also where nothing seems to have changed" },
      { flags: "--adopt", summary: "take over an environment that was brought up from another folder or by a lost state" },
    ],
    examples: ["dockstage up dev"],
    run: (call) => (require("./verb-up") as typeof import("./verb-up")).run(call),
  },
  {
    name: "setup",
    summary: "set up what is missing on this machine",
    options: [{ flags: "--check", summary: "only report" }],
    examples: ["dockstage setup --check"],
    run: ({ env, flag }) => (require("./machine") as typeof import("./machine")).setUp(env, flag("check") ? ["--check"] : []),
  },
  {
    name: "open",
    summary: "print the app's URL, and open it in the browser",
    arguments: [stack],
    options: [{ flags: "--mail", summary: "the mailbox instead" }, json],
    examples: ["dockstage open", "dockstage open --mail"],
    run: (call) => (require("./open") as typeof import("./open")).run(call),
  },
  {
    name: "logs",
    summary: "show what the containers of an environment wrote",
    arguments: [{ usage: "[component]", summary: "web, a process, a service, the database (default: all)", completes: "component" }],
    options: [
      { flags: "-f, --follow", summary: "go on with what they write" },
      { flags: "--since <time>", summary: "from then on: 10m, 2h, 2026-01-31T12:00" },
      onStack,
    ],
    examples: ["dockstage logs", "dockstage logs web --follow --since 10m"],
    run: (call) => (require("./logs") as typeof import("./logs")).run(call),
  },
  {
    name: "exec",
    summary: "run a command in a running container",
    more: "With the container's user, folder, variables and secrets; its exit code is the command's. Without a command: a shell.",
    arguments: [{ usage: "[component]", summary: "web, a process, a service, the database (default: web)", completes: "component" }],
    options: [onStack],
    rest: "-- <command...>",
    examples: ["dockstage exec -- php -v", "dockstage exec worker -- env"],
    run: (call) => (require("./exec") as typeof import("./exec")).run(call),
  },
  {
    name: "db",
    summary: "start the database's client, connected as the app's user",
    more: "SQL on standard input is run, and the exit code is the client's.",
    arguments: [stack],
    options: [{ flags: "--variant <name>", summary: "which, where the environment has several" }],
    rest: "[-- <client's arguments...>]",
    examples: ["dockstage db dev", "dockstage db dev -- --table --execute=SHOW-TABLES"],
    run: (call) => (require("./db") as typeof import("./db")).run(call),
  },
  {
    name: "down",
    summary: "take an environment down; its data stays",
    more:
      "Containers, networks and images go. Data volumes stay, with the passwords that they need, and the next up takes them up: " +
      "migrations and seed do not run on them again. It says what goes and what stays before it asks. Protected volumes always stay.",
    arguments: [stack],
    options: [
      { flags: "--data", summary: "delete the data too, and the stack's state" },
      { flags: "--dry-run", summary: "only say what goes and what stays" },
      { flags: "-y, --yes", summary: "do not ask" },
    ],
    examples: ["dockstage down dev", "dockstage down dev --data"],
    run: (call) => (require("./down") as typeof import("./down")).run(call),
  },
];
