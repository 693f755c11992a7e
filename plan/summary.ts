import { refOf, type Plan, type PlanRecord, type Run } from "./records";

const runSummary = (run: Run): readonly string[] => [
  `image=${run.image.slice("image:".length)}`,
  ...(run.command ? [`command=${JSON.stringify(run.command.join(" ").slice(0, 60))}`] : []),
  ...(run.user ? [`user=${run.user}`] : []),
  `memory=${run.limits.memory}MiB`,
  `cpus=${run.limits.cpus}`,
  run.readOnlyRoot ? "read-only" : "writable",
  ...(run.capabilities.length > 0 ? [`capabilities=${run.capabilities.join("+")}`] : []),
  ...(Object.keys(run.env).length > 0 ? [`env=${Object.keys(run.env).join(",")}`] : []),
  ...(run.secrets.length > 0 ? [`secrets=${run.secrets.map(({ as }) => ("env" in as ? as.env : as.file)).join(",")}`] : []),
  ...run.mounts.map((mount) => `mount=${mount.from}->${mount.path}`),
  ...(run.scratch.length > 0 ? [`scratch=${run.scratch.join(",")}`] : []),
  `networks=${run.networks.map(({ network, aliases }) => [network.slice("network:".length), ...aliases].join("/")).join(",")}`,
  ...(run.after.length > 0 ? [`after=${run.after.join(",")}`] : []),
];

function details(record: PlanRecord): readonly string[] {
  switch (record.kind) {
    case "image":
      return record.source.from === "build"
        ? [
            `build=${record.source.context.map(({ path, to }) => `${path}->${to || "."}`).join(",")}`,
            ...Object.entries(record.source.args).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
          ]
        : record.source.from === "derive"
          ? [`derived=${record.source.base}`, `build=${record.source.context.map(({ path, to }) => `${path}->${to || "."}`).join(",")}`]
          : [`reference=${record.source.reference}`];
    case "network":
      return [record.internal ? "internal" : "OPEN", ...(record.external ? [`external=${record.external}`] : [])];
    case "volume":
      return [record.protect ? "protected" : "unprotected"];
    case "secret":
      return [record.source.from];
    case "file":
      return [`${record.content.length} characters`];
    case "service":
      return [
        ...runSummary(record),
        record.update,
        `replicas=${record.replicas}`,
        ...(record.health
          ? [
              `health=${"command" in record.health.probe ? record.health.probe.command.join(" ") : `GET :${record.health.probe.http.port}${record.health.probe.http.path}`}`,
            ]
          : []),
        `grace=${record.stop.graceSeconds}s`,
        ...record.publish.map(({ address, range }) => `publish=${address}:${range.join("-")}`),
        ...(record.hostNetwork ? ["HOST NETWORK"] : []),
        ...(record.self ? [`self=${record.self.hosts.join(",")}:${record.self.port}`] : []),
      ];
    case "job":
      return [
        ...runSummary(record),
        `trigger=${[`${record.trigger.values.length} values`, ...(record.trigger.image ? ["image"] : []), ...record.trigger.volumes].join(" + ")}`,
      ];
    case "route":
      return [
        ...record.hosts.map((host) => `host=${host}`),
        `to=${record.service}:${record.port}`,
        ...(record.after.length > 0 ? [`after=${record.after.join(",")}`] : []),
      ];
    default:
      return record satisfies never;
  }
}

/** A plan as a person reviews it: one line for each component and record, with what matters of it. No secret values: a plan has none. */
export function summary(plan: Plan): string {
  const lines = plan.components.flatMap(({ type, name, records }) => [
    `${type} ${name}`,
    ...records.map((record) => `  ${refOf(record)}  ${details(record).join("  ")}`),
  ]);
  return `${plan.project} ${plan.stack}\n${lines.join("\n")}\n`;
}
