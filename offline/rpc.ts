import * as http2 from "node:http2";
import * as grpc from "@grpc/grpc-js";

/** What is common to both programs that Pulumi's engine starts: a gRPC server that lives as long as the engine. */

/** As large as the engine's own limit, in bytes: a stack's whole state may travel in one message. */
const MESSAGE_LIMIT = 400 * 1024 * 1024;

/** Time for running calls to end when the engine is gone, in milliseconds. */
const FAREWELL = 5000;

/** Time for the last answer to leave the process, in milliseconds. */
const FLUSH = 20;

export type Unary<Q, R> = (request: Q, signal: AbortSignal) => Promise<R>;

/** A sentence for the person, shown without a stack trace. */
export class UserError extends Error {}

/** Calls under way, and what to do when there is none any more. */
let running = 0;
let onIdle: (() => void) | undefined;

/** Turns an async function into a gRPC handler: what it throws becomes the message that the engine shows. */
export function unary<Q, R>(work: Unary<Q, R>): grpc.handleUnaryCall<Q, R> {
  return (call, done) => {
    const gone = new AbortController();
    call.on("cancelled", () => gone.abort());
    running++;
    work(call.request, gone.signal)
      .then(
        (answer) => done(null, answer),
        (error: unknown) => done(statusOf(error)),
      )
      .finally(() => {
        running--;
        onIdle?.();
      });
  };
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
  if (!(error instanceof Error)) return { code: grpc.status.UNKNOWN, details: String(error) };
  // A status with metadata (a half-done creation) is handed on as it is.
  if ("code" in error && typeof error.code === "number" && "metadata" in error && error.metadata instanceof grpc.Metadata)
    return { code: error.code, details: error.message, metadata: error.metadata };
  const internal = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return { code: grpc.status.UNKNOWN, details: (internal && error.stack) || error.message };
}

/** The engine's address, the only argument that is no flag; undefined when a person starts the program. */
export const engineAddress = (): string | undefined => process.argv.slice(2).find((argument) => /^[^-]+:\d+$/.test(argument));

/** Serves on a free port of the loopback interface, prints the port for the engine, and ends when the engine does. */
export function serve(definition: grpc.ServiceDefinition, handlers: grpc.UntypedServiceImplementation, onEnd: () => void): void {
  const server = new grpc.Server({ "grpc.max_receive_message_length": MESSAGE_LIMIT, "grpc.max_send_message_length": MESSAGE_LIMIT });
  server.addService(definition, { ...absentOf(definition), ...handlers });
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    process.stdout.write(`${port}\n`);
  });
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    onEnd();
    // Not tryShutdown: it waits for connections, and the engine keeps its own open until this process has gone.
    const leave = () => setTimeout(() => process.exit(0), FLUSH);
    onIdle = () => running === 0 && leave();
    onIdle();
    setTimeout(() => process.exit(0), FAREWELL).unref();
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  watchEngine(end);
}

/** An engine that was killed says no goodbye; its closed connection does. Without it the program would stay behind as an orphan. */
function watchEngine(onGone: () => void): void {
  const address = engineAddress();
  if (!address) return;
  const session = http2.connect(`http://${address}`);
  session.on("error", onGone);
  session.on("close", onGone);
}

/** What the engine may ask and these programs have not: it then goes on without. */
function absentOf(definition: grpc.ServiceDefinition): grpc.UntypedServiceImplementation {
  const absent: grpc.handleUnaryCall<unknown, unknown> = (_, done) =>
    done({ code: grpc.status.UNIMPLEMENTED, details: "not part of the offline program" });
  return Object.fromEntries(
    Object.entries(definition)
      .filter(([, method]) => !method.responseStream)
      .map(([name]) => [name, absent]),
  );
}
