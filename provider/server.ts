import { status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as plugin from "@pulumi/pulumi/proto/plugin_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { diffResponse } from "./diff";
import type { Engine } from "./engine";
import type { Severity, Sink } from "./log";
import { resourceOf, TOKENS } from "./registry";
import type { AnyResource } from "./registry";
import { hasUnknown, Problem, UNKNOWN } from "./resource";
import type { Context } from "./resource";
import { decode, failuresOf, merge, redact } from "./values";
import type { Decoded } from "./values";

const { version } = require("../package.json") as { version: string };

/** Longest error text, in characters: a gRPC trailer has little room. */
const LONGEST = 8000;

export interface ProviderOptions {
  engine(): Promise<Engine>;
  log: Sink;
  /** `project/stack` of the environment that this run takes over. @default none */
  adopt?: string;
  /** The resource kind of a type token. @default registry.ts */
  resourceOf?(token: string): AnyResource;
}

/** What requests about one resource have in common. */
interface About {
  getUrn(): string;
}

/** The protocol around the resource kinds: one instance per process, or per test. */
export class Provider {
  private readonly cancelled = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(private readonly options: ProviderOptions) {}

  /** Aborts everything under way, and everything that comes after. */
  cancel(): void {
    this.cancelled.abort(new Problem("cancelled"));
  }

  /** Resolves once nothing is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.underWay]);
  }

  handlers(): IResourceProviderServer {
    const absent = (_: unknown, done: sendUnaryData<never>): void =>
      done({ code: status.UNIMPLEMENTED, details: "not a part of the dockstage provider" });
    return {
      parameterize: absent,
      getMapping: absent,
      getMappings: absent,
      construct: absent,
      call: absent,
      invoke: absent,
      list: (call) => {
        call.destroy(Object.assign(new Error("not a part of the dockstage provider"), { code: status.UNIMPLEMENTED }));
      },
      handshake: this.answer(() => {
        const response = new messages.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        response.setAcceptResources(true);
        return response;
      }),
      getSchema: this.answer(() => {
        const resources = Object.fromEntries(TOKENS.map((token) => [token, { description: "Described in provider/resources.ts" }]));
        const response = new messages.GetSchemaResponse();
        response.setSchema(JSON.stringify({ name: "dockstage", version, resources }));
        return response;
      }),
      checkConfig: this.answer((request: messages.CheckRequest) => {
        const response = new messages.CheckResponse();
        response.setInputs(request.getNews());
        return response;
      }),
      diffConfig: this.answer(() => {
        const response = new messages.DiffResponse();
        response.setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
        return response;
      }),
      configure: this.answer(() => {
        const response = new messages.ConfigureResponse();
        response.setAcceptsecrets(true);
        response.setAcceptresources(true);
        response.setSupportspreview(true);
        return response;
      }),
      attach: this.answer(() => new Empty()),
      cancel: this.answer(() => {
        this.cancel();
        return new Empty();
      }),
      getPluginInfo: this.answer(() => {
        const response = new plugin.PluginInfo();
        response.setVersion(version);
        return response;
      }),
      check: this.answer((request: messages.CheckRequest) => this.check(request)),
      diff: this.answer((request: messages.DiffRequest) => this.diff(request)),
      create: this.answer((request: messages.CreateRequest) => this.create(request)),
      read: this.answer((request: messages.ReadRequest) => this.read(request)),
      update: this.answer((request: messages.UpdateRequest) => this.update(request)),
      delete: this.answer((request: messages.DeleteRequest) => this.delete(request)),
    };
  }

  private async check(request: messages.CheckRequest): Promise<messages.CheckResponse> {
    const [resource, olds, news] = [this.kind(request), decode(request.getOlds()), decode(request.getNews())];
    let failures = failuresOf(resource.inputs, news.values);
    if (failures.length === 0 && resource.check) {
      const before = resource.inputs.safeParse(olds.values);
      failures = await resource.check(
        news.values,
        before.success ? before.data : undefined,
        this.context(request, news, { preview: true }),
      );
    }
    const response = new messages.CheckResponse();
    response.setInputs(request.getNews());
    for (const { property, reason } of failures) {
      const failure = new messages.CheckFailure();
      failure.setProperty(property);
      failure.setReason(redact(reason, news.secrets));
      response.addFailures(failure);
    }
    return response;
  }

  private async diff(request: messages.DiffRequest): Promise<messages.DiffResponse> {
    const [resource, state, news] = [this.kind(request), decode(request.getOlds()), decode(request.getNews())];
    const inputs = request.getOldInputs();
    const before = inputs === undefined ? state : decode(inputs);
    const context = this.context(request, news, { preview: hasUnknown(news.values) });
    const change = await resource.diff(
      request.getId(),
      this.inputsOf(resource, before, request),
      this.stateOf(resource, state, request),
      this.newsOf(resource, news, request),
      context,
    );
    return diffResponse(change, before, news);
  }

  private async create(request: messages.CreateRequest): Promise<messages.CreateResponse> {
    const [resource, news] = [this.kind(request), decode(request.getProperties())];
    const context = this.context(request, news, { preview: request.getPreview(), timeout: request.getTimeout() });
    const response = new messages.CreateResponse();
    if (request.getPreview()) {
      const unknown = Object.fromEntries(resource.outputs.map((name) => [name, UNKNOWN]));
      const computed = resource.preview ? await resource.preview(this.newsOf(resource, news, request), undefined, context) : unknown;
      response.setProperties(merge(news.raw, { ...unknown, ...computed }, resource.secrets ?? []));
      return response;
    }
    const { id, computed } = await resource.create(this.inputsOf(resource, news, request), context);
    response.setId(id);
    response.setProperties(merge(news.raw, computed, resource.secrets ?? []));
    return response;
  }

  private async read(request: messages.ReadRequest): Promise<messages.ReadResponse> {
    const [resource, state] = [this.kind(request), decode(request.getProperties())];
    const response = new messages.ReadResponse();
    if (Object.keys(state.values).length === 0) return this.import(resource, request);
    const computed = resource.read
      ? await resource.read(request.getId(), this.stateOf(resource, state, request), this.context(request, state, { preview: false }))
      : {};
    if (computed === undefined) return response; // no id: it is gone
    response.setId(request.getId());
    response.setInputs(request.getInputs());
    response.setProperties(merge(state.raw, computed, resource.secrets ?? []));
    return response;
  }

  private async import(resource: AnyResource, request: messages.ReadRequest): Promise<messages.ReadResponse> {
    if (!resource.import) throw new Problem(`${nameOf(request)} cannot be imported: this kind is always made by dockstage itself`);
    const response = new messages.ReadResponse();
    const found = await resource.import(request.getId(), this.context(request, decode(undefined), { preview: false }));
    if (!found) return response;
    response.setId(request.getId());
    response.setInputs(merge(found.inputs, {}, []));
    response.setProperties(merge(found.inputs, found.computed, resource.secrets ?? []));
    return response;
  }

  private async update(request: messages.UpdateRequest): Promise<messages.UpdateResponse> {
    const [resource, olds, news] = [this.kind(request), decode(request.getOlds()), decode(request.getNews())];
    const context = this.context(request, news, { preview: request.getPreview(), timeout: request.getTimeout() });
    const state = this.stateOf(resource, olds, request);
    const kept = Object.fromEntries(resource.outputs.map((name) => [name, state[name]]));
    const response = new messages.UpdateResponse();
    if (request.getPreview()) {
      const computed = resource.preview ? await resource.preview(this.newsOf(resource, news, request), state, context) : {};
      response.setProperties(merge(news.raw, { ...kept, ...computed }, resource.secrets ?? []));
      return response;
    }
    if (!resource.update) throw new Problem(`${nameOf(request)} cannot be updated in place: this is a mistake in the dockstage provider`);
    const computed = await resource.update(request.getId(), state, this.inputsOf(resource, news, request), context);
    response.setProperties(merge(news.raw, computed, resource.secrets ?? []));
    return response;
  }

  private async delete(request: messages.DeleteRequest): Promise<Empty> {
    const [resource, state] = [this.kind(request), decode(request.getProperties())];
    await resource.delete(
      request.getId(),
      this.stateOf(resource, state, request),
      this.context(request, state, { preview: false, timeout: request.getTimeout() }),
    );
    return new Empty();
  }

  private kind(request: About): AnyResource {
    const token = request.getUrn().split("::")[2]?.split("$").at(-1) ?? "";
    return (this.options.resourceOf ?? resourceOf)(token);
  }

  private context(request: About, values: Decoded, { preview, timeout }: { preview: boolean; timeout?: number }): Context {
    const urn = request.getUrn();
    return {
      urn,
      name: nameOf(request),
      preview,
      signal: this.cancelled.signal,
      timeoutSeconds: timeout !== undefined && timeout > 0 ? timeout : undefined,
      ...(this.options.adopt !== undefined && { adopt: this.options.adopt }),
      engine: () => this.options.engine(),
      log: (message: string, severity: Severity = "info", options = {}) =>
        this.options.log(urn, redact(message, values.secrets), severity, options.ephemeral ?? false),
    };
  }

  private inputsOf(resource: AnyResource, { values }: Decoded, request: About): Record<string, unknown> {
    const parsed = resource.inputs.safeParse(values);
    if (parsed.success) return parsed.data;
    throw new Problem(`${nameOf(request)}: ${parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")}`);
  }

  private newsOf(resource: AnyResource, news: Decoded, request: About): Record<string, unknown> {
    return hasUnknown(news.values) ? news.values : this.inputsOf(resource, news, request);
  }

  private stateOf(resource: AnyResource, state: Decoded, request: About): Record<string, unknown> {
    const parsed = resource.computed.safeParse(state.values);
    if (parsed.success) return { ...this.inputsOf(resource, state, request), ...parsed.data };
    throw new Problem(
      `${nameOf(request)}: the stack's state does not fit this version of dockstage (${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")})`,
    );
  }

  /** A gRPC handler from a function: keeps count of what is under way, and turns errors into texts for people. */
  private answer<Q, R>(act: (request: Q) => R | Promise<R>): (call: ServerUnaryCall<Q, R>, done: sendUnaryData<R>) => void {
    return (call, done) => {
      const running = (async () => act(call.request))();
      const settled = running.then(
        (response) => done(null, response),
        (error: unknown) => done(this.failure(call.request, error)),
      );
      this.underWay.add(settled);
      void settled.finally(() => this.underWay.delete(settled));
    };
  }

  // Pulumi takes UNKNOWN as "may have happened or not"; a Problem left nothing behind.
  private failure(request: unknown, error: unknown): { code: status; details: string } {
    const text = error instanceof Error ? error.message : String(error);
    const secrets = secretsOf(request);
    if (error instanceof Problem) return { code: status.FAILED_PRECONDITION, details: redact(text, secrets).slice(0, LONGEST) };
    if (this.cancelled.signal.aborted) return { code: status.CANCELLED, details: "cancelled" };
    return { code: status.UNKNOWN, details: `the dockstage provider: ${redact(text, secrets)}`.slice(0, LONGEST) };
  }
}

const nameOf = (request: About): string => request.getUrn().split("::").slice(3).join("::");

/** Every secret text of a request, whatever its kind. */
function secretsOf(request: unknown): readonly string[] {
  const structs: (Struct | undefined)[] = [];
  if (request instanceof messages.CreateRequest || request instanceof messages.DeleteRequest || request instanceof messages.ReadRequest)
    structs.push(request.getProperties());
  if (request instanceof messages.UpdateRequest || request instanceof messages.DiffRequest || request instanceof messages.CheckRequest)
    structs.push(request.getOlds(), request.getNews());
  return structs.flatMap((struct) => decode(struct).secrets);
}
