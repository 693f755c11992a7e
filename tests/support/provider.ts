import { credentials } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { Engine } from "../../provider/engine";
import { connectLazily, serve } from "../../provider/main";
import { Provider } from "../../provider/server";

/** A provider in this process, and a client that speaks to it as the Pulumi engine does. */

export type Properties = { [key: string]: JavaScriptValue };

/** Pulumi's marks of a secret and of an unknown value. */
export const secret = (value: JavaScriptValue): Properties => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const urnOf = (kind: string, name = "it"): string =>
  `urn:pulumi:dev::guestbook::dockstage:components:App$dockstage:index:${kind}::${name}`;

export interface Log {
  urn: string;
  message: string;
  severity: string;
  ephemeral: boolean;
}
/** `undefined` where there is nothing wrong. */
export interface Diff {
  changes: boolean;
  replaces: string[];
  detailed: Record<string, { kind: number; inputDiff: boolean }>;
  deleteBeforeReplace: boolean;
}

export class Client {
  private constructor(
    private readonly client: ResourceProviderClient,
    private readonly end: () => Promise<void>,
    readonly logs: readonly Log[],
  ) {}

  /** Speaks to a provider in a process of its own. Its log lines go elsewhere. */
  static connect(port: number): Client {
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    return new Client(client, () => {
      client.close();
      return Promise.resolve();
    }, []);
  }

  static async start(engine: () => Promise<Engine> = connectLazily()): Promise<Client> {
    const logs: Log[] = [];
    const provider = new Provider({
      engine,
      log: (urn, message, severity, ephemeral) => {
        logs.push({ urn, message, severity, ephemeral });
      },
    });
    const { server, port } = await serve(provider);
    const client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), { "grpc.max_receive_message_length": -1 });
    const end = async (): Promise<void> => {
      await provider.idle();
      client.close();
      server.forceShutdown();
    };
    return new Client(client, end, logs);
  }

  close(): Promise<void> {
    return this.end();
  }

  async check(kind: string, news: Properties): Promise<{ inputs: Properties; failures: { property: string; reason: string }[] }> {
    const request = new messages.CheckRequest();
    request.setUrn(urnOf(kind));
    request.setNews(Struct.fromJavaScript(news));
    const response = await this.ask<messages.CheckResponse>((done) => this.client.check(request, done));
    return { inputs: propertiesOf(response.getInputs()), failures: response.getFailuresList().map((failure) => failure.toObject()) };
  }

  async diff(kind: string, id: string, oldInputs: Properties, state: Properties, news: Properties): Promise<Diff> {
    const request = new messages.DiffRequest();
    request.setUrn(urnOf(kind));
    request.setId(id);
    request.setOldInputs(Struct.fromJavaScript(oldInputs));
    request.setOlds(Struct.fromJavaScript(state));
    request.setNews(Struct.fromJavaScript(news));
    const response = await this.ask<messages.DiffResponse>((done) => this.client.diff(request, done));
    const detailed = Object.fromEntries(
      [...response.getDetaileddiffMap().entries()].map(([path, diff]) => [path, { kind: diff.getKind(), inputDiff: diff.getInputdiff() }]),
    );
    return {
      changes: response.getChanges() === messages.DiffResponse.DiffChanges.DIFF_SOME,
      replaces: response.getReplacesList(),
      detailed,
      deleteBeforeReplace: response.getDeletebeforereplace(),
    };
  }

  async create(
    kind: string,
    inputs: Properties,
    options: { preview?: boolean; name?: string } = {},
  ): Promise<{ id: string; state: Properties }> {
    const request = new messages.CreateRequest();
    request.setUrn(urnOf(kind, options.name));
    request.setProperties(Struct.fromJavaScript(inputs));
    request.setPreview(options.preview ?? false);
    const response = await this.ask<messages.CreateResponse>((done) => this.client.create(request, done));
    return { id: response.getId(), state: propertiesOf(response.getProperties()) };
  }

  async update(kind: string, id: string, oldInputs: Properties, state: Properties, news: Properties, preview = false): Promise<Properties> {
    const request = new messages.UpdateRequest();
    request.setUrn(urnOf(kind));
    request.setId(id);
    request.setOldInputs(Struct.fromJavaScript(oldInputs));
    request.setOlds(Struct.fromJavaScript(state));
    request.setNews(Struct.fromJavaScript(news));
    request.setPreview(preview);
    return propertiesOf((await this.ask<messages.UpdateResponse>((done) => this.client.update(request, done))).getProperties());
  }

  /** The state as it is now; undefined where the object is gone. */
  async read(kind: string, id: string, inputs: Properties, state: Properties): Promise<Properties | undefined> {
    const request = new messages.ReadRequest();
    request.setUrn(urnOf(kind));
    request.setId(id);
    request.setInputs(Struct.fromJavaScript(inputs));
    request.setProperties(Struct.fromJavaScript(state));
    const response = await this.ask<messages.ReadResponse>((done) => this.client.read(request, done));
    return response.getId() === "" ? undefined : propertiesOf(response.getProperties());
  }

  async delete(kind: string, id: string, state: Properties): Promise<void> {
    const request = new messages.DeleteRequest();
    request.setUrn(urnOf(kind));
    request.setId(id);
    request.setProperties(Struct.fromJavaScript(state));
    await this.ask<Empty>((done) => this.client.delete(request, done));
  }

  async cancel(): Promise<void> {
    await this.ask<Empty>((done) => this.client.cancel(new Empty(), done));
  }

  /** Rejects with the text that a person would read. */
  private ask<R>(call: (done: (error: ServiceError | null, response: R) => void) => void): Promise<R> {
    return new Promise((resolve, reject) => {
      call((error, response) => (error ? reject(new Error(error.details)) : resolve(response)));
    });
  }
}

const propertiesOf = (struct: Struct | undefined): Properties => struct?.toJavaScript() ?? {};
