import type { ComposeService } from "./compose-file";
import { nameFrom, type Findings } from "./findings";
import { imageParts } from "./versions";

export type Kind = "app" | "companion" | "mail" | "tool" | "proxy";

const KINDS: readonly (readonly [pattern: RegExp, kind: Kind])[] = [
  [/^(mailhog|mailpit|maildev|mailcatcher|smtp4dev|mailtrap|inbucket)$/, "mail"],
  [
    /^(adminer|phpmyadmin|pgadmin4?|dbgate|redis-?commander|redisinsight|portainer.*|watchtower|dozzle|buggregator|mongo-express|phpredisadmin)$/,
    "tool",
  ],
  [/^(traefik|caddy|nginx-proxy.*|docker-gen|haproxy|nginx|httpd|varnish|envoy|acme-companion|swag)$/, "proxy"],
  [
    /^(redis.*|valkey.*|keydb|memcached|rabbitmq.*|elasticsearch|opensearch|meilisearch|typesense|minio|mongo(db)?|kafka.*|zookeeper|nats.*|clickhouse.*|chrome|chromium|selenium.*|standalone-chrom.*|gotenberg|beanstalkd?|solr|mosquitto|localstack|influxdb|mariadb|mysql(-server)?|percona.*|postgres(ql)?|postgis|timescaledb.*|pgvector|centrifugo|mercure|soketi|imgproxy|tika)$/,
    "companion",
  ],
];

/** What a service is, by its image; one that is not known and has a port may be the app. */
export function kindOf({ image, build, ports, expose }: ComposeService): Kind {
  if (build) return "app";
  const { name } = imageParts(image ?? "");
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? (ports?.length || expose?.length ? "app" : "companion");
}

/** dockstage's own names; config/rules.ts refuses them. */
const OWN = /^(web|door|app|mariadb|postgresql)(-.*)?$|^(mail|relay|ssh|localhost)$/;

/** The name of a service or process here. */
export function hostFor(key: string): string {
  const name = nameFrom(key) || "service";
  return OWN.test(name) ? nameFrom(`my-${name}`) : name;
}

const SECRET = /(PASSWORD|PASS|SECRET|TOKEN|KEY)$/;

/** A companion: image, program, variables, and the first named volume. What is a secret there gets one of dockstage's making. */
export function addService(file: string, key: string, service: ComposeService, secrets: Map<string, string>, found: Findings): void {
  const at = `${file} services.${key}`;
  const host = hostFor(key);
  const add = (path: readonly string[], value: unknown, from: string): void =>
    found.add(["services", host, ...path], value, `${at}${from}`);
  if (service.image === undefined) return found.leave(at, "it has neither an image nor a build");
  add(["image"], service.image, host === key ? ".image" : `.image; ${key} is a name that dockstage cannot take`);
  if (service.entrypoint != null) found.leave(`${at}.entrypoint`, "a service keeps the entrypoint of its image");
  add(["run"], service.command ?? undefined, ".command");
  for (const [name, value] of service.environment) {
    if (value === null) found.leave(`${at}.environment ${name}`, "its value comes from the shell");
    else if (SECRET.test(name) && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name) && value !== "") {
      found.add(["secrets", name], "generate", `${at}.environment; its value is not taken over`);
      secrets.set(value, name);
      add(["env", name], `\${secrets.${name}}`, ".environment");
    } else add(["env", name], value.replaceAll("${", "$${"), ".environment");
  }
  for (const { source, target } of service.volumes ?? []) {
    const what = `${at}.volumes ${source === undefined ? "" : `${source}:`}${target}`;
    if (source !== undefined && /^[./~]/.test(source))
      found.leave(what, "a service cannot have files of the repository: make an image that has them");
    else if (found.line("services", host, "data")) found.leave(what, "a service has one volume");
    else if (source !== undefined) add(["data"], target, ".volumes");
  }
}
