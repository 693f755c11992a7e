import { spawnSync } from "node:child_process";
import { request } from "node:http";
import { z } from "zod";
import { deploymentOf, outputsIn } from "../deployment";
import { environmentOf, nameOf, servicesOf } from "../environment";
import type { EngineContainer } from "../objects";
import { CommandFailed } from "../pulumi";
import { ago, columns } from "../table";
import { WrongUse, type Call } from "../verb";

/** Messages that are shown where nobody says how many. */
const SHOWN = 10;

/** A line of `postqueue -j`. */
const Queued = z.object({
  queue_name: z.string(),
  queue_id: z.string(),
  /** Seconds since 1970. */
  arrival_time: z.number(),
  sender: z.string(),
  recipients: z.array(z.object({ address: z.string(), delay_reason: z.string().optional() })),
});
const Address = z.object({ address: z.string() });
/** What maildev's API says of a message. */
const Caught = z.object({
  id: z.string(),
  subject: z.string().nullish(),
  time: z.string(),
  envelope: z.object({ from: z.union([Address, z.literal(false)]).nullish(), to: z.array(Address) }),
});

export interface Waiting {
  readonly id: string;
  readonly queue: string;
  readonly since: string;
  readonly from: string;
  readonly to: readonly { readonly address: string; readonly reason: string | null }[];
}

export interface Message {
  readonly id: string;
  readonly at: string;
  /** Of the envelope, so that Bcc is in it. */
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
}

/** What the relay still has, as `postqueue -j` says it. */
export function queueIn(output: string): readonly Waiting[] {
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => Queued.parse(JSON.parse(line)))
    .map(({ queue_id, queue_name, arrival_time, sender, recipients }) => ({
      id: queue_id,
      queue: queue_name,
      since: new Date(arrival_time * 1000).toISOString(),
      from: sender,
      to: recipients.map(({ address, delay_reason }) => ({ address, reason: delay_reason ?? null })),
    }));
}

/** The newest messages of the catcher's list, newest first. */
export function messagesIn(list: unknown, count: number): readonly Message[] {
  return z
    .array(Caught)
    .parse(list)
    .map(({ id, subject, time, envelope }) => ({
      id,
      at: new Date(time).toISOString(),
      from: envelope.from ? envelope.from.address : "",
      to: envelope.to.map(({ address }) => address),
      subject: subject ?? "",
    }))
    .sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
    .slice(0, count);
}

/** A document from the mailbox, by the way that a browser takes: *.localhost is loopback, whatever the machine's DNS says. */
function fetchJson(inbox: string, path: string): Promise<unknown> {
  const { host, port } = new URL(inbox);
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: port || 80, path, headers: { host }, timeout: 10_000 }, (received) => {
      const chunks: Buffer[] = [];
      received.on("data", (chunk: Buffer) => chunks.push(chunk));
      received.on("error", reject);
      received.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        if (received.statusCode !== 200) return reject(new Error(`status ${received.statusCode}`));
        try {
          resolve(JSON.parse(body));
        } catch {
          reject(new Error("no JSON came"));
        }
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer within 10 s")));
    sent.on("error", reject);
    sent.end();
  });
}

/** The messages in the mailbox; a sentence where it has no API that we know, or does not answer. */
async function caught(inbox: string, count: number): Promise<readonly Message[] | string> {
  try {
    return messagesIn(await fetchJson(inbox, "/email"), count);
  } catch (error) {
    return error instanceof z.ZodError ? "the catcher's API is not maildev's" : error instanceof Error ? error.message : String(error);
  }
}

/** Undefined where the relay does not run. */
function queueOf(relay: EngineContainer | undefined, env: NodeJS.ProcessEnv, environment: string): readonly Waiting[] | undefined {
  if (!relay) return undefined;
  const done = spawnSync("docker", ["exec", relay.id, "postqueue", "-j"], { env, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  if (done.status !== 0)
    throw new CommandFailed(`the mail queue of ${environment} cannot be read: ${(done.stderr || String(done.error)).trim()}`);
  return queueIn(done.stdout);
}

/** `dockstage mail [stack]`: where mail goes, what waits, what came last. */
export async function run({ arguments: [stack], flag, value, ...call }: Call): Promise<number> {
  const wanted = value("last") ?? String(SHOWN);
  if (!/^[1-9]\d{0,3}$/.test(wanted)) throw new WrongUse(`--last takes a number from 1 to 9999, not "${wanted}"`);
  const target = environmentOf(call, stack);
  const services = await servicesOf(target);
  const mail = outputsIn(deploymentOf(target))?.mail;
  if (!mail) throw new CommandFailed(`${nameOf(target)} has no mail: its state says nothing of it. Run "dockstage up ${target.stack}"`);
  const queue = queueOf(
    services.find(({ component, state }) => component === "relay" && state === "running"),
    target.env,
    nameOf(target),
  );
  const messages = mail.inbox ? await caught(mail.inbox, Number(wanted)) : [];
  const unread = typeof messages === "string" ? messages : undefined;
  if (flag("json")) {
    const document = { ...mail, queue: queue ?? null, messages: unread === undefined ? messages : null };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  const modes: Readonly<Record<string, string>> = {
    catch: "stays here: everything goes into the mailbox",
    redirect: `everything goes to ${mail.redirectTo ?? "one address"}`,
    deliver: "goes to whom it is addressed",
  };
  const rows =
    typeof messages === "string" ? [] : messages.map(({ at, from, to, subject }) => [`  ${ago(at)}`, from || "<>", to.join(", "), subject]);
  const lines = [
    `Mail     ${modes[mail.mode] ?? mail.mode}`,
    ...(mail.inbox ? [`Mailbox  ${mail.inbox}`] : []),
    `Queue    ${queue === undefined ? "not known: the relay does not run" : queue.length === 0 ? "empty" : `${queue.length} waiting`}`,
    ...(queue ?? []).flatMap(({ id, since, from, to }) => [
      `  ${id}  ${ago(since)}  ${from || "<>"} to ${to.map(({ address }) => address).join(", ")}`,
      ...[...new Set(to.flatMap(({ reason }) => reason ?? []))].map((reason) => `    ${reason}`),
    ]),
    ...(mail.inbox
      ? [unread === undefined ? `Last     ${rows.length === 0 ? "none" : `${rows.length}, newest first`}` : `Last     not known: ${unread}`]
      : []),
    ...columns(rows),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
