import type { StageName } from "../config/settings";

/** What a stage is made of. Components see only these, never a stage's name. */
export interface Capabilities {
  /** Which cells of the app's runtimes, HTTP servers and databases: the oldest one, every one, or the one that LIVE runs. */
  readonly system: "oldest" | "every" | "live";
  /** tight: the least that the app must survive with. */
  readonly limits: "tight" | "normal";
  /** mounted: the person's own folder, where an edit shows at the next request. built: the image holds the code. */
  readonly source: "mounted" | "built";
  /** Where the data comes from, and whether a destroy keeps it. */
  readonly data: { readonly from: "generated" | "synced" | "master"; readonly protect: boolean };
  readonly ssh: boolean;
  /** catch: stays in the environment. redirect: everything to one address. deliver: to whom it is addressed. */
  readonly mail:
    { readonly mode: "catch" } | { readonly mode: "redirect"; readonly to: "team" | "customer" } | { readonly mode: "deliver" };
  readonly extra: "debugger" | "verbose logging" | "bytecode cache" | "cluster";
  /** Containers of the web service. */
  readonly replicas: number;
}

/** The stage matrix. */
export const matrix: Readonly<Record<StageName, Capabilities>> = {
  dev: {
    system: "oldest",
    limits: "tight",
    source: "mounted",
    data: { from: "generated", protect: false },
    ssh: false,
    mail: { mode: "catch" },
    extra: "debugger",
    replicas: 1,
  },
  test: {
    system: "every",
    limits: "normal",
    source: "built",
    data: { from: "generated", protect: false },
    ssh: true,
    mail: { mode: "redirect", to: "team" },
    extra: "verbose logging",
    replicas: 1,
  },
  staging: {
    system: "live",
    limits: "normal",
    source: "built",
    data: { from: "synced", protect: true },
    ssh: true,
    mail: { mode: "redirect", to: "customer" },
    extra: "bytecode cache",
    replicas: 1,
  },
  live: {
    system: "live",
    limits: "normal",
    source: "built",
    data: { from: "master", protect: true },
    ssh: true,
    mail: { mode: "deliver" },
    extra: "cluster",
    replicas: 2,
  },
};

/** A stage's capabilities with what its config overrides. */
export function capabilitiesOf(stage: StageName, overrides: Partial<Capabilities> = {}): Capabilities {
  return { ...matrix[stage], ...overrides };
}

/**
 * The rules that hold whatever is written: sentences that say which of them these capabilities break at this stage.
 * Source: mission.md, "the stage matrix" and "what must not happen here".
 */
export function violations(stage: StageName, capabilities: Capabilities): readonly string[] {
  const live = stage === "live";
  const { mail, data, source, replicas } = capabilities;
  const rules: readonly (readonly [boolean, string])[] = [
    [mail.mode === "deliver" && !live, "only LIVE may deliver mail"],
    [data.from === "master" && !live, "only LIVE's data is the master"],
    [data.from !== "master" && live, "nothing writes into LIVE's data but LIVE's own app: it can be neither generated nor synced"],
    [!data.protect && live, "LIVE's data is protected"],
    [data.protect && stage === "dev", "DEV's data is destroyed with it"],
    [source === "mounted" && stage !== "dev", "only DEV may mount a person's folder"],
    [!Number.isInteger(replicas) || replicas < 1, "a stage has at least one web container"],
  ];
  return rules.flatMap(([broken, rule]) => (broken ? [`${stage}: ${rule}`] : []));
}

/** The stages that this release builds; the others are planned, and tested in the plan. */
export const BUILT_STAGES: readonly StageName[] = ["dev"];

/** One sentence for a stage that is planned but not built yet; undefined for others. */
export function notBuilt(stage: string): string | undefined {
  const planned = Object.keys(matrix).find((name) => name === stage);
  if (!planned || BUILT_STAGES.some((built) => built === planned)) return undefined;
  return `${planned.toUpperCase()} is planned but not built by this release: only ${BUILT_STAGES.map((built) => built.toUpperCase()).join(", ")} can be brought up.`;
}
