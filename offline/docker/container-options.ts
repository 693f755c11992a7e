import type Dockerode from "dockerode";
import { UserError } from "../rpc";
import { labelsOf } from "./engine";
import { type Value, type Values, isRecord, number, records, strings, text, texts } from "./values";

/** From a container's inputs to what the engine's API takes, as upstream does it. Pure. */

const MIB = 1024 * 1024;

/** Undefined for none: the image's own then. */
const some = (list: string[]): string[] | undefined => (list.length > 0 ? list : undefined);

const UNITS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/** A duration as Go writes it (`1m30s`, `500ms`), in nanoseconds. @throws UserError */
export function nanoseconds(duration: string): number {
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.map(([part]) => part).join("") !== duration && duration !== "0")
    throw new UserError(`healthcheck: ${duration} is no duration. Write it as 30s, 1m30s or 500ms`);
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0), 0);
}

/** Nanoseconds as Go writes a duration: `1m30s`, `500ms`, `0s`. A program that writes it otherwise gets a change at every run. */
export function duration(nanos: number): string {
  if (nanos === 0) return "0s";
  if (nanos < 1e9) return nanos < 1e3 ? `${nanos}ns` : nanos < 1e6 ? `${nanos / 1e3}µs` : `${nanos / 1e6}ms`;
  const hours = Math.floor(nanos / 3600e9);
  const minutes = Math.floor((nanos % 3600e9) / 60e9);
  return `${hours ? `${hours}h` : ""}${hours || minutes ? `${minutes}m` : ""}${(nanos % 60e9) / 1e9}s`;
}

/** Billionths of a core as upstream writes them: `0.5`, `2.0`, `0.25`. Its rounding of some values is wrong, and is kept. */
export function cpus(nanos: number): string {
  const exact = (nanos / 1e9).toFixed(9);
  return (exact.match(/0/g) ?? []).length === 9 ? (nanos / 1e9).toFixed(1) : exact.replace(/0+$/, "");
}

function healthcheck(value: Value | undefined): Dockerode.HealthConfig | undefined {
  if (!isRecord(value)) return undefined;
  const nanos = (name: string) => nanoseconds(text(value[name]) ?? "0s");
  return {
    Test: some(strings(value.tests)),
    Interval: nanos("interval"),
    Timeout: nanos("timeout"),
    StartPeriod: nanos("startPeriod"),
    Retries: number(value.retries) ?? 0,
  };
}

function mounts(value: Value | undefined): Dockerode.MountSettings[] {
  return records(value).map((mount) => {
    const { type } = mount;
    if (type !== "volume" && type !== "bind" && type !== "tmpfs")
      throw new UserError(`mounts: type ${text(type) ?? "(none)"} is none of volume, bind, tmpfs`);
    const settings: Dockerode.MountSettings = {
      Type: type,
      Source: text(mount.source) ?? "",
      Target: text(mount.target) ?? "",
      ReadOnly: mount.readOnly === true,
    };
    const options = mount.tmpfsOptions;
    if (type === "tmpfs" && isRecord(options))
      settings.TmpfsOptions = { SizeBytes: number(options.sizeBytes) ?? 0, Mode: number(options.mode) ?? 0 };
    return settings;
  });
}

/** Anonymous volumes by path, and binds of named volumes and host folders. */
function volumes(value: Value | undefined): { paths: Record<string, object>; binds: string[] } {
  const all = records(value);
  const source = (volume: Values) => text(volume.hostPath) ?? text(volume.volumeName);
  return {
    paths: Object.fromEntries(all.map((volume) => [text(volume.containerPath) ?? "", {}])),
    binds: all.flatMap((volume) => {
      const from = source(volume);
      return from ? [`${from}:${text(volume.containerPath) ?? ""}:${volume.readOnly === true ? "ro" : "rw"}`] : [];
    }),
  };
}

function ports(value: Value | undefined): {
  exposed: Record<string, object>;
  bound: Record<string, { HostPort: string; HostIp: string }[]>;
} {
  const bound: Record<string, { HostPort: string; HostIp: string }[]> = {};
  for (const port of records(value)) {
    const key = `${number(port.internal) ?? 0}/${text(port.protocol) ?? "tcp"}`;
    (bound[key] ??= []).push({ HostPort: String(number(port.external) ?? 0), HostIp: text(port.ip) ?? "0.0.0.0" });
  }
  return { exposed: Object.fromEntries(Object.keys(bound).map((key) => [key, {}])), bound };
}

const nanoCpus = (value: Value | undefined): number | undefined => {
  const cores = text(value);
  if (cores === undefined) return undefined;
  if (!/^\d*\.?\d+$/.test(cores)) throw new UserError(`cpus: ${cores} is no number of cores. Write it as "0.5" or "2.0"`);
  return Math.round(Number(cores) * 1e9);
};

/** As Docker's own client sends them: `NET_BIND_SERVICE` is `CAP_NET_BIND_SERVICE`, and so it is read back. */
const capabilityNames = (value: Value | undefined): string[] | undefined =>
  some(
    strings(value)
      .map((name) => name.toUpperCase())
      .map((name) => (name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`)),
  );

/** MiB to bytes; -1 (no limit of swap) stays. */
export const bytes = (mib: Value | undefined): number | undefined => {
  const size = number(mib);
  return size === undefined ? undefined : size > 0 ? size * MIB : size;
};

/** @throws UserError for a value that the engine would not understand */
export function containerOptions(inputs: Values): Dockerode.ContainerCreateOptions {
  const { exposed, bound } = ports(inputs.ports);
  const { paths, binds } = volumes(inputs.volumes);
  const capabilities = isRecord(inputs.capabilities) ? inputs.capabilities : {};
  const filled = <T extends object>(value: T): T | undefined => (Object.keys(value).length > 0 ? value : undefined);
  return {
    name: text(inputs.name),
    Image: text(inputs.image),
    Hostname: text(inputs.hostname),
    Env: some(strings(inputs.envs)),
    Cmd: some(strings(inputs.command)),
    Entrypoint: some(strings(inputs.entrypoints)),
    User: text(inputs.user),
    WorkingDir: text(inputs.workingDir),
    Labels: labelsOf(inputs.labels),
    ExposedPorts: filled(exposed),
    Volumes: filled(paths),
    Healthcheck: healthcheck(inputs.healthcheck),
    StopSignal: text(inputs.stopSignal),
    StopTimeout: number(inputs.stopTimeout),
    HostConfig: {
      RestartPolicy: { Name: text(inputs.restart) ?? "no", MaximumRetryCount: 0 },
      Mounts: mounts(inputs.mounts),
      AutoRemove: inputs.rm === true,
      ReadonlyRootfs: inputs.readOnly === true,
      LogConfig: { Type: text(inputs.logDriver) ?? "", Config: texts(inputs.logOpts) },
      Tmpfs: filled(texts(inputs.tmpfs)),
      PortBindings: filled(bound),
      ExtraHosts: records(inputs.hosts).map((host) => `${text(host.host) ?? ""}:${text(host.ip) ?? ""}`),
      Binds: some(binds),
      Ulimits: records(inputs.ulimits).map((limit) => ({
        Name: text(limit.name) ?? "",
        Soft: number(limit.soft) ?? 0,
        Hard: number(limit.hard) ?? 0,
      })),
      CapAdd: capabilityNames(capabilities.adds),
      CapDrop: capabilityNames(capabilities.drops),
      SecurityOpt: some(strings(inputs.securityOpts)),
      Dns: some(strings(inputs.dns)),
      DnsOptions: some(strings(inputs.dnsOpts)),
      Memory: bytes(inputs.memory),
      MemorySwap: bytes(inputs.memorySwap),
      ShmSize: bytes(inputs.shmSize),
      NanoCpus: nanoCpus(inputs.cpus),
      NetworkMode: text(inputs.networkMode),
      Init: inputs.init === true,
    },
  };
}
