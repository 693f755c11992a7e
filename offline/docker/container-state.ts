import type Dockerode from "dockerode";
import { labelList } from "./engine";
import { cpus, duration } from "./container-options";
import { type Value, type Values, isRecord, isZero } from "./values";

/**
 * What upstream reads back of a container (resource_docker_container_funcs.go, Read). Not read, so that the state keeps what the
 * program said: envs, labels, volumes, networksAdvanced, and the provider's own switches.
 */

const MIB = 1024 * 1024;
const mib = (size: number | undefined): number => (size && size > 0 ? Math.trunc(size / MIB) : (size ?? 0));

/** A field that the engine answers (API 1.41) and the type definitions lack. */
const field = (object: object, name: string): Value => {
  const value: unknown = Object.entries(object).find(([key]) => key === name)?.[1];
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
};

type Port = { internal: number; external: number; ip: string; protocol: string };

function ports(settings: Dockerode.ContainerInspectInfo["NetworkSettings"]): Port[] {
  return Object.entries(settings.Ports ?? {})
    .flatMap(([key, bindings]) => {
      const [internal = "", protocol = "tcp"] = key.split("/");
      return (bindings ?? []).map((binding) => ({
        internal: Number(internal),
        external: Number(binding.HostPort),
        ip: binding.HostIp,
        protocol,
      }));
    })
    .sort((a, b) => a.internal - b.internal);
}

function networkDatas(settings: Dockerode.ContainerInspectInfo["NetworkSettings"]): Value[] {
  return Object.entries(settings.Networks ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([networkName, network]) => ({
      networkName,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
    }));
}

function mounts(host: Dockerode.HostConfig): Value[] {
  return (host.Mounts ?? []).map((mount) => ({
    target: mount.Target,
    source: mount.Source ?? "",
    type: mount.Type,
    readOnly: mount.ReadOnly ?? false,
    tmpfsOptions: mount.TmpfsOptions ? { sizeBytes: mount.TmpfsOptions.SizeBytes ?? 0, mode: mount.TmpfsOptions.Mode ?? 0 } : null,
  }));
}

function healthcheck(config: Dockerode.HealthConfig | undefined): Value {
  if (!config) return null;
  return {
    tests: config.Test ?? [],
    interval: duration(config.Interval ?? 0),
    timeout: duration(config.Timeout ?? 0),
    startPeriod: duration(config.StartPeriod ?? 0),
    startInterval: duration(config.StartInterval ?? 0),
    retries: config.Retries ?? 0,
  };
}

/** The engine's lists of strings, some of which it also writes as one string or as null. */
const list = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === "string") : typeof value === "string" && value ? [value] : [];

const stringMap = (value: unknown): Record<string, string> =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"))
    : {};

/** @param known the last state, or the inputs of a container just made */
export function containerState(info: Dockerode.ContainerInspectInfo, known: Values): Values {
  const { Config: config, HostConfig: host, NetworkSettings: settings, State: running } = info;
  const capabilities = { adds: list(host.CapAdd), drops: list(host.CapDrop) };
  const mustRun = known.mustRun !== false;
  const health: Dockerode.HealthConfig | undefined = config.Healthcheck;
  const state: Values = {
    ...known,
    bridge: field(settings, "Bridge") ?? "",
    name: info.Name.replace(/^\//, ""),
    rm: host.AutoRemove ?? false,
    readOnly: host.ReadonlyRootfs ?? false,
    image: typeof known.image === "string" && known.image.startsWith("sha256:") ? info.Image : config.Image,
    hostname: config.Hostname,
    domainname: config.Domainname,
    command: list(config.Cmd),
    entrypoints: list(config.Entrypoint),
    user: config.User,
    dns: list(host.Dns),
    dnsOpts: list(host.DnsOptions),
    dnsSearches: list(host.DnsSearch),
    securityOpts: list(host.SecurityOpt),
    publishAllPorts: host.PublishAllPorts ?? false,
    restart: host.RestartPolicy?.Name || "no",
    maxRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    init: host.Init ?? false,
    workingDir: config.WorkingDir,
    runtime: host.Runtime ?? "",
    platform: field(info, "Platform") ?? "linux",
    mounts: mounts(host),
    tmpfs: { ...host.Tmpfs },
    hosts: list(host.ExtraHosts).map((entry) => ({ host: entry.slice(0, entry.indexOf(":")), ip: entry.slice(entry.indexOf(":") + 1) })),
    privileged: host.Privileged ?? false,
    memory: mib(host.Memory),
    memoryReservation: mib(host.MemoryReservation),
    memorySwap: mib(host.MemorySwap),
    shmSize: mib(host.ShmSize),
    cpuShares: host.CpuShares ?? 0,
    cpuSet: host.CpusetCpus ?? "",
    logDriver: host.LogConfig?.Type ?? "",
    logOpts: isZero(known.logOpts) ? {} : stringMap(host.LogConfig?.Config),
    networkMode: host.NetworkMode ?? "",
    usernsMode: host.UsernsMode ?? "",
    ipcMode: host.IpcMode ?? "",
    stopSignal: field(config, "StopSignal") ?? "",
    stopTimeout: field(config, "StopTimeout") ?? 0,
    networkDatas: networkDatas(settings),
  };
  if (host.NanoCpus) state.cpus = cpus(host.NanoCpus);
  if (capabilities.adds.length + capabilities.drops.length > 0) state.capabilities = capabilities;
  if (health) state.healthcheck = healthcheck(health);
  if (!isZero(known.ulimits))
    state.ulimits = (host.Ulimits ?? []).map((limit) => ({ name: limit.Name ?? "", soft: limit.Soft ?? 0, hard: limit.Hard ?? 0 }));
  if ((running.Running || mustRun) && !isZero(known.ports)) state.ports = ports(settings);
  if (!running.Running) {
    state.exitCode = running.ExitCode;
    // A container that must run and does not is a difference to the program: the next update starts it.
    if (mustRun) state.mustRun = false;
  }
  return state;
}

/** For an import, where no program said anything yet: also what Read leaves to the program. */
export function importedState(info: Dockerode.ContainerInspectInfo): Values {
  const state = containerState(info, { ports: [null], mustRun: info.State.Running, image: info.Config.Image });
  const networks = Object.values(info.NetworkSettings.Networks ?? {}).map((network) => ({
    name: network.NetworkID,
    aliases: list(network.Aliases),
  }));
  return { ...state, envs: list(info.Config.Env), labels: labelList(info.Config.Labels), networksAdvanced: networks, mustRun: true };
}

export const isImport = (state: Values): boolean => !isRecord(state) || state.name === undefined;
