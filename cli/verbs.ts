import type { Verb } from "./verb";

const stack = { usage: "[stack]", summary: "the environment", completes: "stack" } as const;

const json = { flags: "--json", summary: "one JSON document for machines, as docs/cli.md describes it" } as const;
const onStack = { flags: "--stack <stack>", summary: "the environment (default: dev)", completes: "stack" } as const;

/** All verbs, in the order of the help. Each one's code is loaded when it runs, so that a help text or a refusal needs none of it. */
export const verbs: readonly Verb[] = [
  {
    name: "init",
    summary: "write the files that make an app's folder a dockstage project",
    more:
      "It reads Dockerfile, compose.yaml, .ddev/config.yaml, composer.json and package.json, asks what they do not say, and tells where each entry " +
      "comes from and what was left out. What is there is never overwritten.",
    options: [
      { flags: "--name <name>", summary: "the app's name" },
      { flags: "--port <port>", summary: "the port that the app listens on in its container" },
      { flags: "--health <path>", summary: "a path that answers 2xx or 3xx when the app can serve" },
      { flags: "--php <versions>", summary: "take dockstage's PHP image, in these versions: 8.2,8.4" },
      { flags: "--docroot <dir>", summary: "the folder that the PHP image serves" },
      { flags: "--image <image>", summary: "take a ready image" },
      { flags: "--database <engine>", summary: "mariadb, postgresql, one with its series (mariadb:10.11), or none" },
      { flags: "--service <name>", summary: "the service of compose.yaml that is the app" },
      { flags: "-y, --yes", summary: "ask nothing: take what the files and flags say" },
      { flags: "--dry-run", summary: "print the files, write nothing" },
    ],
    examples: ["dockstage init", "dockstage init --port 3000 --health /healthz --database postgresql --yes"],
    run: (call) => (require("./verbs/init") as typeof import("./verbs/init")).run(call),
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
    run: (call) => (require("./verbs/up") as typeof import("./verbs/up")).run(call),
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
    run: (call) => (require("./verbs/open") as typeof import("./verbs/open")).run(call),
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
    run: (call) => (require("./verbs/logs") as typeof import("./verbs/logs")).run(call),
  },
  {
    name: "exec",
    summary: "run a command in a running container",
    more: "With the container's user, folder, variables and secrets; its exit code is the command's. Without a command: a shell.",
    arguments: [{ usage: "[component]", summary: "web, a process, a service, the database (default: web)", completes: "component" }],
    options: [onStack],
    rest: "-- <command...>",
    examples: ["dockstage exec -- php -v", "dockstage exec worker -- env"],
    run: (call) => (require("./verbs/exec") as typeof import("./verbs/exec")).run(call),
  },
  {
    name: "db",
    summary: "start the database's client, connected as the app's user",
    more: "SQL on standard input is run, and the exit code is the client's.",
    arguments: [stack],
    options: [{ flags: "--variant <name>", summary: "which, where the environment has several" }],
    rest: "[-- <client's arguments...>]",
    examples: ["dockstage db dev", "dockstage db dev -- --table --execute=SHOW-TABLES"],
    run: (call) => (require("./verbs/db") as typeof import("./verbs/db")).run(call),
  },
  {
    name: "mail",
    summary: "show where mail goes, what waits in the relay and what came last",
    arguments: [stack],
    options: [{ flags: "--last <count>", summary: "so many messages (default: 10)" }, json],
    examples: ["dockstage mail dev", "dockstage mail dev --json"],
    run: (call) => (require("./verbs/mail") as typeof import("./verbs/mail")).run(call),
  },
  {
    name: "debugger",
    summary: "print how an IDE is set up for the debugger, and how a request is debugged",
    arguments: [stack],
    options: [json],
    examples: ["dockstage debugger", "dockstage debugger dev --json"],
    run: (call) => (require("./verbs/debugger") as typeof import("./verbs/debugger")).run(call),
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
    run: (call) => (require("./verbs/down") as typeof import("./verbs/down")).run(call),
  },
  {
    name: "ls",
    summary: "list every environment of every app on this engine",
    options: [json],
    examples: ["dockstage ls", "dockstage ls --json"],
    run: (call) => (require("./verbs/ls") as typeof import("./verbs/ls")).run(call),
  },
  {
    name: "status",
    summary: "show one environment: containers, health, drift",
    more: "Exit code 1 where it is not up, or not as its state has it.",
    arguments: [stack],
    options: [json],
    examples: ["dockstage status dev", "dockstage status dev --json"],
    run: (call) => (require("./verbs/status") as typeof import("./verbs/status")).run(call),
  },
  {
    name: "doctor",
    summary: "find what is wrong on this machine, and say what to do",
    more: "The set-up, the host program, ports, subnets, disk, leftovers, and of one environment its drift. Exit code 1 where something is wrong.",
    arguments: [stack],
    options: [json],
    examples: ["dockstage doctor", "dockstage doctor dev --json"],
    run: (call) => (require("./verbs/doctor") as typeof import("./verbs/doctor")).run(call),
  },
  {
    name: "prune",
    summary: "remove what is left on the engine and belongs to no environment",
    more:
      "Containers, networks and volumes of dockstage's own that no state knows. It shows them and asks. Volumes with data are only named, and " +
      "an environment that runs without a state of yours goes only where you name it, as app/stack.",
    arguments: [{ usage: "[environment...]", summary: "only these, which are yours though no state knows them, as app/stack" }],
    options: [{ flags: "--dry-run", summary: "only show" }, { flags: "-y, --yes", summary: "do not ask" }, json],
    examples: ["dockstage prune --dry-run", "dockstage prune shop/dev --yes"],
    run: (call) => (require("./verbs/prune") as typeof import("./verbs/prune")).run(call),
  },
  {
    name: "completion",
    summary: "print what makes a shell complete verbs, stacks and components",
    arguments: [{ usage: "<shell>", summary: "bash, zsh or fish", completes: ["bash", "zsh", "fish"] }],
    examples: ["dockstage completion bash"],
    more: "For `dockstage` on the PATH (npm install --global, or node_modules/.bin). In ~/.bashrc: source <(dockstage completion bash)",
    run: (call) => (require("./verbs/completion") as typeof import("./verbs/completion")).run(call),
  },
];
