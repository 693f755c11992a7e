import { Server, ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { SetRootResourceResponse } from "@pulumi/pulumi/proto/engine_pb";
import { ResourceMonitorService } from "@pulumi/pulumi/proto/resource_grpc_pb";
import { RegisterResourceResponse, SupportsFeatureResponse } from "@pulumi/pulumi/proto/resource_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";

/** As much of Pulumi's engine as the SDK's runner asks around a program that makes nothing. */
export async function quietEngine(): Promise<{ readonly address: string; close(): void }> {
  const server = new Server();
  const answer =
    (response: unknown): UntypedHandleCall =>
    (_: unknown, done: (error: null, response: unknown) => void) =>
      done(null, response);
  const registered = new RegisterResourceResponse();
  registered.setUrn("urn:pulumi:s::p::pulumi:pulumi:Stack::p-s");
  server.addService(ResourceMonitorService, {
    supportsFeature: answer(new SupportsFeatureResponse()),
    registerResource: answer(registered),
    registerResourceOutputs: answer(new Empty()),
  });
  server.addService(EngineService, { setRootResource: answer(new SetRootResourceResponse()), log: answer(new Empty()) });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
