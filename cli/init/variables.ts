import type { Findings } from "./findings";

/** Where an app's variables come from, and what of theirs dockstage knows by other names. */
export interface Surroundings {
  /** Host names of the database's container there. */
  readonly databases: ReadonlySet<string>;
  readonly hasDatabase: boolean;
  /** Host names of mail catchers there. */
  readonly mail: ReadonlySet<string>;
  /** Other services' host names there and here, where they differ. */
  readonly renamed: ReadonlyMap<string, string>;
  /** Values that are a secret here, to its name. */
  readonly secrets: ReadonlyMap<string, string>;
}

const DATABASE_WORDS: Readonly<Record<string, string>> = {
  HOST: "host", HOSTNAME: "host", SERVER: "host", ADDR: "host", ADDRESS: "host", PORT: "port",
  NAME: "name", DATABASE: "name", DB: "name", DBNAME: "name", SCHEMA: "name",
  USER: "user", USERNAME: "user", LOGIN: "user", PASSWORD: "password", PASS: "password", PASSWD: "password", PWD: "password",
  URL: "url", URI: "url", DSN: "url",
}; // prettier-ignore
const DATABASE = /(?:^|_)(?:DB|DATABASE|MYSQL|MARIADB|PG|POSTGRES|POSTGRESQL)_?((?:[A-Z0-9]+_)*[A-Z0-9]+)$/;
const MAIL = /(?:^|_)(?:MAIL|MAILER|SMTP|EMAIL)_(?:[A-Z0-9]+_)*([A-Z0-9]+)$/;
const SECRET = /(?:^|_)(?:PASSWORD|PASSWD|PASS|PWD|SECRET|TOKEN|KEY|APIKEY|CREDENTIALS|SALT)(?:_BASE|_KEY)?$/;
/** Whatever stands there, dockstage can make one itself: nobody outside has to know it. */
const OWN_SECRET = /(?:SECRET|SALT|SECRET_KEY)(?:_BASE|_KEY)?$/;
const OTHERS = /CLIENT|WEBHOOK|AWS|S3|STRIPE|GITHUB|GITLAB|GOOGLE|FACEBOOK|AZURE|OAUTH|PAYPAL|TWILIO|SENTRY|API/;

/** `${` of the app's own is written `$${`. */
const plain = (text: string): string => text.replaceAll("${", "$${");

type Mapped = { readonly value: string } | { readonly secret: "generate" | "required" } | { readonly leave: string };

const SCHEMES = /^(mysql|mariadb|postgres|postgresql)$/;

/** A connection string to the database; undefined where it is none. */
function connection(value: string, databases: ReadonlySet<string>, any: boolean): string | undefined {
  const url = /^([a-z0-9+:]+):\/\/(?:([^@/]*)@)?([^:/?]+)(?::(\d+))?(?:\/([^?]*))?(\?.*)?$/.exec(value);
  if (!url) return undefined;
  const [, scheme = "", login, host = "", , , query = ""] = url;
  if (!databases.has(host) && !(any && /mysql|maria|postgres|pgsql/.test(scheme))) return undefined;
  // What a server version says of another server would be wrong here.
  const rest = plain(query.replace(/([?&])serverVersion=[^&]*&?/, "$1").replace(/[?&]$/, ""));
  if (SCHEMES.test(scheme)) return `\${database.url}${rest}`;
  return `${scheme}://${login === undefined ? "" : "${database.user}:${database.password}@"}\${database.host}:\${database.port}/\${database.name}${rest}`;
}

/** What stands for a variable of the app here. */
function mapped(name: string, value: string, at: Surroundings): Mapped {
  const upper = name.toUpperCase().replace(/_+/g, "_");
  const host = value.split(":")[0] ?? "";
  const isDatabase = at.databases.has(host) || at.databases.has(value.replace(/^[a-z0-9+]+:\/\/(?:[^@/]*@)?([^:/?]+).*$/, "$1"));
  const [, words = ""] = DATABASE.exec(upper) ?? [];
  const word = words.split("_").at(-1) ?? "";
  if (at.hasDatabase) {
    if (words.split("_").includes("ROOT")) return { leave: "the app never gets the administrator of its database" };
    const url = connection(value, at.databases, words !== "");
    if (url !== undefined) return { value: url };
    if (isDatabase) return { value: value === host ? "${database.host}" : "${database.host}:${database.port}" };
    if (words !== "" && word === "FILE")
      return { leave: "a file that holds it; the same value is at hand as ${database.password}, ${database.user}" };
    const part = DATABASE_WORDS[word];
    if (words !== "" && part !== undefined && part !== "url") return { value: `\${database.${part}}` };
  }
  if (
    at.mail.has(host) ||
    [...at.mail].some((one) => value.includes(`//${one}`) || value.includes(`@${one}`)) ||
    /^MAILER_DSN$/.test(upper)
  )
    return {
      value: /:\/\//.test(value) || upper === "MAILER_DSN" ? "${mail.dsn}" : value === host ? "${mail.host}" : "${mail.host}:${mail.port}",
    };
  const [, mailWord = ""] = MAIL.exec(upper) ?? [];
  if (/^(HOST|HOSTNAME|SERVER)$/.test(mailWord)) return { value: "${mail.host}" };
  if (mailWord === "PORT") return { value: "${mail.port}" };
  if (/^(USER|USERNAME|PASSWORD|PASS|ENCRYPTION|TLS|SSL|SECURE|SCHEME)$/.test(mailWord))
    return { leave: "the stage's mail relay wants neither a password nor TLS" };
  const local = /^https?:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?(\/.*)?$/.exec(value);
  if (local) return { value: `\${url}${(local[1] ?? "").replace(/\/$/, "")}` };
  let text = plain(value);
  for (const [secret, known] of at.secrets) if (secret.length > 3) text = text.replaceAll(plain(secret), `\${secrets.${known}}`);
  for (const [before, now] of at.renamed)
    text = text.replace(new RegExp(`(^|//|@)${before.replace(/\W/g, "\\$&")}(?=$|[:/])`, "g"), `$1${now}`);
  const own = OWN_SECRET.test(upper) && !OTHERS.test(upper);
  // An empty one is a placeholder: what dockstage can make, it makes, and for others the app may do without.
  if (value !== "null" && (value !== "" || own) && SECRET.test(upper) && !text.includes("${secrets.")) {
    if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(name)) return { leave: "sounds like a secret, whose name here may hold only A-Z, 0-9 and _" };
    return { secret: own ? "generate" : "required" };
  }
  return { value: text };
}

/** Adds the app's variables to what was found. A secret's value is never taken over. */
export function addVariables(variables: ReadonlyMap<string, string | null>, at: Surroundings, from: string, found: Findings): void {
  for (const [name, value] of variables) {
    if (value === null) {
      found.leave(`${from} ${name}`, "its value comes from the shell: write it under env, or declare it under secrets");
      continue;
    }
    const result = mapped(name, value, at);
    if ("leave" in result) found.leave(`${from} ${name}`, result.leave);
    else if ("secret" in result) found.add(["secrets", name], result.secret, `${from}; its value is not taken over`);
    else found.add(["env", name], result.value, from);
  }
}
