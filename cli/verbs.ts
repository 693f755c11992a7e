import type { Verb } from "./verb";

const stack = { usage: "[stack]", summary: "the environment", completes: "stack" } as const;

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
];
