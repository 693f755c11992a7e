import { z } from "zod";
import { interactive, onTerminal } from "../client";
import { deploymentOf, outputsIn, type Outputs } from "../deployment";
import { environmentOf, nameOf, servicesOf } from "../environment";
import { capture, CommandFailed, type Target } from "../pulumi";
import { WrongUse, type Call } from "../verb";

type Database = NonNullable<Outputs["variants"][string]["database"]>;

const Passwords = z.object({
  deployment: z.object({ resources: z.array(z.object({ urn: z.string(), outputs: z.record(z.string(), z.unknown()).optional() })) }),
});
const Secret = z.object({ plaintext: z.string() }).transform(({ plaintext }) => z.string().parse(JSON.parse(plaintext)));

/** The value of a password in the state, decrypted by pulumi, which knows the stack's keys. */
function passwordOf(target: Target, name: string): string {
  const shown = capture(target, ["stack", "export", "--show-secrets", "--stack", target.stack]);
  const found = Passwords.parse(JSON.parse(shown)).deployment.resources.find(({ urn }) =>
    urn.endsWith(`$dockstage:index:Password::${name}`),
  );
  const read = Secret.safeParse(found?.outputs?.["value"]);
  if (read.success) return read.data;
  throw new CommandFailed(`the state of ${nameOf(target)} has no password ${name}: run "dockstage up ${target.stack}"`);
}

/** The client's words inside the server's container. TCP, as only the server's own user may come through its socket. */
const CLIENTS = {
  mariadb: { words: (user: string, schema: string) => ["mariadb", "--host=127.0.0.1", `--user=${user}`, schema], variable: "MYSQL_PWD" },
  postgresql: {
    words: (user: string, schema: string) => ["psql", "--host=127.0.0.1", `--username=${user}`, `--dbname=${schema}`],
    variable: "PGPASSWORD",
  },
} as const;

/** The database of the variant, or of the only one. */
function databaseOf(target: Target, variant: string | undefined): Database {
  const variants = outputsIn(deploymentOf(target))?.variants ?? {};
  const names = Object.keys(variants).filter((name) => variants[name]?.database);
  if (names.length === 0) throw new CommandFailed(`${nameOf(target)} has no database: dockstage.yaml asks for none, or it was never up`);
  const chosen = variant ?? (names.length === 1 ? names[0] : undefined);
  const database = variants[chosen ?? ""]?.database;
  if (database) return database;
  throw new WrongUse(
    `${variant === undefined ? `${nameOf(target)} has several databases` : `there is no variant "${variant}" with a database`}: choose with --variant one of ${names.join(", ")}`,
  );
}

/**
 * `dockstage db [stack] [-- client's arguments]`: the engine's client as the app's user. The password is no argument: it goes from
 * pulumi's output to the client's variables through those of `docker exec`, which no `ps` and no `docker inspect` shows.
 */
export async function run({ arguments: [stack], rest, value, ...call }: Call): Promise<number> {
  const target = environmentOf(call, stack);
  const server = await servicesOf(target);
  const { engine, version, schema } = databaseOf(target, value("variant"));
  const container = server.find(({ component, state }) => component === `${engine}-${version}` && state === "running");
  if (!container)
    throw new CommandFailed(`${engine}-${version} of ${nameOf(target)} does not run: see "dockstage logs ${engine}-${version}"`);
  // Brings Pulumi's SDK: loaded late.
  const { connectionTo } = require("../../components/database") as typeof import("../../components/database");
  const { user, password } = connectionTo({ engine, series: version }, { name: schema });
  const { words, variable } = CLIENTS[engine];
  const env = { ...target.env, [variable]: passwordOf(target, password.slice("secret:".length)) };
  return onTerminal("docker", ["exec", ...interactive(), "--env", variable, container.id, ...words(user, schema), ...rest], env);
}
