import { Readable } from "node:stream";
import type Dockerode from "dockerode";
import { UserError } from "../rpc";
import { type Value, records, text } from "./values";

/** The container engine, and what its answers mean. Loaded on first use: a run that changes nothing never talks to it. */

/** How long the removal of a network or volume waits for the containers that still use it, in milliseconds (upstream: 30 s). */
const RELEASE_TIMEOUT = 30_000;
/** The longest pause between two looks, in milliseconds. */
const RELEASE_LOOK = 500;

/**
 * @param host `unix:///path`, `tcp://host:port` or `npipe:...`, as in DOCKER_HOST
 * @default DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, else the default socket
 */
export function connect(host: string | undefined): Dockerode {
  const Docker = require("dockerode") as typeof Dockerode; // not an import: 90 ms that most runs do not need
  if (!host) return new Docker();
  if (host.startsWith("unix://") || host.startsWith("npipe://")) return new Docker({ socketPath: host.replace(/^(unix|npipe):\/\//, "") });
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = host;
  try {
    return new Docker();
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
}

/** The engine's HTTP status, if the error is an answer of the engine. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : undefined;
}

/** What the engine said, without the client's own words around it. */
export const messageOf = (error: unknown): string => {
  if (error instanceof Error && "json" in error) {
    const answer = error.json;
    if (typeof answer === "object" && answer !== null && "message" in answer && typeof answer.message === "string")
      return answer.message.trim();
  }
  return error instanceof Error ? error.message : String(error);
};

/** @returns undefined where the engine answers 404 */
export async function found<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** Runs work, and turns what goes wrong into one sentence that says what was tried and, where the engine is not there, what to do. */
export async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const where = process.env.DOCKER_HOST ? `DOCKER_HOST=${process.env.DOCKER_HOST}` : "the default socket /var/run/docker.sock";
    if (["ENOENT", "ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"].includes(code))
      throw new UserError(
        `${what}: no Docker Engine answers at ${where} (${code}). Start it (systemctl start docker), or set DOCKER_HOST or docker:host to where it is`,
      );
    if (code === "EACCES")
      throw new UserError(
        `${what}: you may not use the Docker Engine at ${where}. Add your user to the group docker and log in again, or run as root`,
      );
    throw new UserError(`${what}: ${messageOf(error)}`);
  }
}

/**
 * Tries until it works; after each refusal it waits for an event of the engine, or half a second, before it tries again.
 * @param tries undefined for done, or why it is not possible yet
 * @throws UserError with the last reason after 30 seconds, or at once when cancelled
 */
export async function untilReleased(
  docker: Dockerode,
  filters: Record<string, string[]>,
  tries: () => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<void> {
  let reason = await tries();
  if (reason === undefined) return;
  const until = Date.now() + RELEASE_TIMEOUT;
  const events = await docker.getEvents({ filters: JSON.stringify(filters) });
  // Whatever happened before the events were listened to is seen by a second try.
  let wake: () => void = () => undefined;
  const stop = () => wake();
  events.on("data", stop);
  signal.addEventListener("abort", stop);
  // An event may come a moment before what it tells of can be used.
  const again = setInterval(stop, RELEASE_LOOK);
  try {
    for (;;) {
      const next = new Promise<void>((resolve) => (wake = resolve));
      reason = await tries();
      if (reason === undefined) return;
      if (signal.aborted || Date.now() >= until) throw new UserError(reason);
      await next;
    }
  } finally {
    clearInterval(again);
    signal.removeEventListener("abort", stop);
    // An open response of the engine's: without this it would keep the program alive.
    if (events instanceof Readable) events.destroy();
  }
}

export const labelsOf = (labels: Value | undefined): Record<string, string> =>
  Object.fromEntries(records(labels).map(({ label, value }) => [text(label) ?? "", text(value) ?? ""]));

/** A map of labels as the list of pairs that the resources have. */
export const labelList = (labels: Readonly<Record<string, string>> | null | undefined): Value[] =>
  Object.entries(labels ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => ({ label, value }));
