import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import type { Engine } from "./engine";
import { engineLog } from "./log";
import type { Sink } from "./log";
import { Provider } from "./server";

/** How long work under way may clean up once Pulumi ended or asked the provider to end, in milliseconds. */
const GRACE = 10_000;

/** Serves a provider on a free port of loopback, without a limit on the size of messages (files may be large). */
export async function serve(provider: Provider): Promise<{ readonly server: Server; readonly port: number }> {
  const server = new Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, provider.handlers());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { server, port };
}

/** Connects to the container engine at first use. */
export function connectLazily(): () => Promise<Engine> {
  let connected: Promise<Engine> | undefined;
  return () => {
    const engine = (connected ??= (require("./docker") as typeof import("./docker")).connect());
    engine.catch(() => {
      connected = undefined;
    }); // the next call tries again
    return engine;
  };
}

/** The program: arguments are what Pulumi gives, the last one its engine's address. The port on a line of its own is the answer. */
export function main(args: readonly string[]): void {
  const address = args.filter((arg) => !arg.startsWith("-")).at(-1);
  const silent: Sink = () => undefined;
  const adopt = process.env["DOCKSTAGE_ADOPT"];
  const provider = new Provider({
    engine: connectLazily(),
    log: address === undefined ? silent : engineLog(address),
    // `dockstage up --adopt` sets it. It names the environment, so that one left in a shell takes over nothing else.
    ...(adopt && { adopt }),
  });
  const end = (): void => {
    provider.cancel();
    setTimeout(() => process.exit(1), GRACE).unref();
    void provider.idle().then(() => process.exit(0));
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  // A killed CLI leaves its plugins behind: what they made so far is cleaned up then, as after a cancel.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, 1000).unref();
  serve(provider).then(
    ({ port }) => {
      process.stdout.write(`${port}\n`);
    },
    (error: unknown) => {
      process.stderr.write(`the dockstage provider cannot listen on 127.0.0.1: ${String(error)}\n`);
      process.exit(1);
    },
  );
}
