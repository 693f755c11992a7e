import { namesIn } from "../plan/text";
import { nearest } from "./check";

/** What the values of `env` may refer to as `${name}`. plan/text.ts fills them in; components/app.ts has the values. */

export interface Name {
  readonly type: "text" | "number" | "URL";
  /** A secret never stands in a container's definition, nor does text that holds one. */
  readonly secret: boolean;
  readonly means: string;
}

const URL_NAME: Readonly<Record<string, Name>> = {
  url: { type: "URL", secret: false, means: "public URL of the app, without a slash at the end" },
};

const MAIL_NAMES: Readonly<Record<string, Name>> = {
  "mail.dsn": { type: "URL", secret: false, means: "the environment's mail relay: smtp://host:port" },
  "mail.host": { type: "text", secret: false, means: "host name of the mail relay" },
  "mail.port": { type: "number", secret: false, means: "port of the mail relay, which wants neither TLS nor a password" },
};

const DATABASE_NAMES: Readonly<Record<string, Name>> = {
  "database.url": { type: "URL", secret: true, means: "the whole connection, user and password included" },
  "database.engine": { type: "text", secret: false, means: "mariadb or postgresql" },
  "database.host": { type: "text", secret: false, means: "host name of the database server" },
  "database.port": { type: "number", secret: false, means: "port of the database server" },
  "database.name": { type: "text", secret: false, means: "the app's database (its schema)" },
  "database.user": { type: "text", secret: false, means: "the app's user of the database" },
  "database.password": { type: "text", secret: true, means: "that user's password" },
};

const SEED_NAMES: Readonly<Record<string, Name>> = {
  size: { type: "number", secret: false, means: "how much data to generate: data.size of the stack's settings" },
};

/** Where a text stands decides what it may refer to. */
export type Place = "env" | "services" | "seed";

/** The names that may be used in one place. Companions have no database of the app's: they may not depend on it. */
export function namesFor(place: Place, declared: readonly string[], hasDatabase: boolean): Readonly<Record<string, Name>> {
  if (place === "seed") return SEED_NAMES;
  const secrets = Object.fromEntries(
    declared.map((name) => [`secrets.${name}`, { type: "text", secret: true, means: "the secret" } satisfies Name]),
  );
  return { ...URL_NAME, ...MAIL_NAMES, ...(place === "env" && hasDatabase ? DATABASE_NAMES : {}), ...secrets };
}

export interface NameProblem {
  /** `${databse.url}`, and never the text around it, which may hold a password. */
  readonly found: string;
  readonly message: string;
  readonly fix: string;
}

/** What is wrong with the `${...}` of a text. */
export function nameProblems(text: string, place: Place, declared: readonly string[], hasDatabase: boolean): readonly NameProblem[] {
  const names = namesFor(place, declared, hasDatabase);
  const unknown = namesIn(text).filter((name) => !Object.hasOwn(names, name));
  const open = text.replace(/\$\$\{|\$\{[^}]*\}/g, "").includes("${");
  return [
    ...unknown.map((name) => ({ found: `\${${name}}`, ...wrong(name, place, names, hasDatabase) })),
    ...(open ? [{ found: "${", message: "a ${ is not closed", fix: "close it with }, or write $${ for a plain ${" }] : []),
  ];
}

function wrong(name: string, place: Place, names: Readonly<Record<string, Name>>, hasDatabase: boolean): { message: string; fix: string } {
  if (place === "seed") return { message: "only ${size} may stand in this command", fix: `for a variable of the shell write $\${${name}}` };
  if (name === "size") return { message: "${size} may stand in database.seed only", fix: "remove it here" };
  if (Object.hasOwn(DATABASE_NAMES, name)) {
    return place === "services"
      ? { message: "a service knows nothing of the app's database", fix: "remove it here; the app's own env may use it" }
      : { message: "the app has no database", fix: "add for example database: { engines: [mariadb] }" };
  }
  const secret = /^secrets\.([A-Z][A-Z0-9_]{0,63})$/.exec(name)?.[1];
  const near = nearest(name, Object.keys(names), "name");
  if (secret !== undefined && !near.startsWith("did"))
    return { message: "this secret is not declared", fix: `add under secrets: { ${secret}: generate } or { ${secret}: required }` };
  const plain = /[^\w.]/.test(name) || !hasDatabase ? "; for a plain ${ write $${" : "";
  return { message: "there is no such name", fix: `${near}${plain}` };
}
