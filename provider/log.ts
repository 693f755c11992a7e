import type { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";

export type Severity = "debug" | "info" | "warning" | "error";

/** One line for the person at the terminal, by a resource. */
export type Sink = (urn: string, message: string, severity: Severity, ephemeral: boolean) => void;

/** Lines go to the Pulumi engine's status display. A line that cannot be delivered is dropped: it is never worth a failure. */
export function engineLog(address: string): Sink {
  let client: EngineClient | undefined;
  return (urn, message, severity, ephemeral) => {
    // Loaded at the first line: most runs have none.
    const grpc = require("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
    const services = require("@pulumi/pulumi/proto/engine_grpc_pb") as typeof import("@pulumi/pulumi/proto/engine_grpc_pb");
    const messages = require("@pulumi/pulumi/proto/engine_pb") as typeof import("@pulumi/pulumi/proto/engine_pb");
    client ??= new services.EngineClient(address, grpc.credentials.createInsecure());
    const request = new messages.LogRequest();
    const level = {
      debug: messages.LogSeverity.DEBUG,
      info: messages.LogSeverity.INFO,
      warning: messages.LogSeverity.WARNING,
      error: messages.LogSeverity.ERROR,
    };
    request.setUrn(urn);
    request.setMessage(message);
    request.setSeverity(level[severity]);
    request.setEphemeral(ephemeral);
    client.log(request, () => undefined);
  };
}
