import { recordsOf, refOf, type Plan, type PlanRecord, type Ref, type Run } from "./records";

const runRefs = (run: Run): readonly Ref[] => [
  run.image,
  ...run.secrets.map((use) => use.secret),
  ...Object.values(run.files),
  ...run.mounts.flatMap((mount): Ref[] => (mount.from.startsWith("volume:") ? [mount.from as Ref<"volume">] : [])),
  ...run.networks.map((attachment) => attachment.network),
  ...run.after,
];

/** Every reference that a record makes. */
export function refsOf(record: PlanRecord): readonly Ref[] {
  switch (record.kind) {
    case "image":
      if (record.source.from === "derive") return [record.source.base];
      return record.source.from === "build" ? Object.values(record.source.secrets) : [];
    case "secret":
      return record.source.from === "compose" ? record.source.parts.flatMap((part) => (typeof part === "string" ? [] : [part.secret])) : [];
    case "volume":
      return record.owner && "image" in record.owner ? [record.owner.image] : [];
    case "service":
      return [...runRefs(record), ...(record.self ? [record.self.door] : [])];
    case "job":
      return runRefs(record);
    case "route":
      return [record.door, record.service, ...record.after];
    case "network":
    case "file":
      return [];
    default:
      throw new Error(`unknown record ${JSON.stringify(record satisfies never)}`);
  }
}

/**
 * What is wrong with a plan, in words: names used twice, and references to what is not there or comes later. A platform
 * realises records in their order, so that a reference may only point back.
 */
export function faultsOf(plan: Plan): readonly string[] {
  const seen = new Set<Ref>();
  const faults: string[] = [];
  for (const record of recordsOf(plan)) {
    const ref = refOf(record);
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(record.name)) faults.push(`${ref}: the name may hold only a-z, 0-9, "." and "-"`);
    for (const used of refsOf(record)) if (!seen.has(used)) faults.push(`${ref} uses ${used}, which is not before it in the plan`);
    if (seen.has(ref)) faults.push(`${ref} is in the plan twice`);
    seen.add(ref);
  }
  return faults;
}
