import type Dockerode from "dockerode";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as provider from "@pulumi/pulumi/proto/provider_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { UserError, serve, unary } from "../rpc";
import { type Autonaming, check } from "./check";
import { container } from "./container";
import { type ChangeKind, diff } from "./diff";
import { connect } from "./engine";
import type { Kind } from "./kind";
import { completeState, importedInputs, proposedState, refreshedInputs, settledState, updatedState } from "./outputs";
import { image, network, volume } from "./simple";
import type { Values } from "./values";

/** The plugin's side of Pulumi's provider protocol: what the engine asks, put into calls of the pure parts and of the engine. */

/** Of the plugin that this one stands in for, and of the SDK: the engine insists on the same. */
const VERSION = "5.2.0";

const kinds = new Map<string, Kind>([network, volume, image, container].map((kind) => [kind.shape.type, kind]));

let host: string | undefined;
let client: Dockerode | undefined;
const docker = (): Dockerode => (client ??= connect(host));
const cancelled = new AbortController();

function kindOf(urn: string): Kind {
  // The type part of a child names its parents too: parent$type.
  const type = urn.split("::")[2]?.split("$").pop() ?? "";
  const kind = kinds.get(type);
  if (!kind)
    throw new UserError(
      `The offline docker plugin does not know ${type}, only ${[...kinds.keys()].join(", ")}. Use the official plugin for it`,
    );
  return kind;
}

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

const values = (struct: Struct | undefined): Values => struct?.toJavaScript() ?? {};

const struct = (state: Values): Struct => Struct.fromJavaScript(state);

/** Ends when the caller hangs up or the engine says Cancel. */
const either = (signal: AbortSignal): AbortSignal => AbortSignal.any([signal, cancelled.signal]);

function autonaming(request: provider.CheckRequest): Autonaming | undefined {
  const options = request.getAutonaming();
  if (!options) return undefined;
  const { Mode } = provider.CheckRequest.AutonamingOptions;
  const mode = options.getMode();
  return { mode: mode === Mode.DISABLE ? "disabled" : mode === Mode.ENFORCE ? "enforce" : "propose", name: options.getProposedName() };
}

const CHANGE: Record<ChangeKind, provider.PropertyDiff.Kind> = provider.PropertyDiff.Kind;

const handlers = {
  getPluginInfo: unary(async () => {
    const info = new PluginInfo();
    info.setVersion(VERSION);
    return info;
  }),
  attach: unary(async () => new Empty()),
  cancel: unary(async () => {
    cancelled.abort();
    return new Empty();
  }),
  checkConfig: unary(async (request: provider.CheckRequest) => {
    const response = new provider.CheckResponse();
    response.setInputs(request.getNews());
    for (const key of Object.keys(values(request.getNews()))) {
      if (["host", "version"].includes(key) || key.startsWith("__")) continue;
      const failure = new provider.CheckFailure();
      failure.setProperty(key);
      failure.setReason(`the offline docker plugin knows no provider setting ${key}, only docker:host. Use the official plugin for it`);
      response.addFailures(failure);
    }
    return response;
  }),
  diffConfig: unary(async (request: provider.DiffRequest) => {
    const [before, after] = [values(request.getOldInputs() ?? request.getOlds()), values(request.getNews())];
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
      (name) => before[name] !== after[name] && !name.startsWith("__"),
    );
    const response = new provider.DiffResponse();
    response.setChanges(names.length > 0 ? provider.DiffResponse.DiffChanges.DIFF_SOME : provider.DiffResponse.DiffChanges.DIFF_NONE);
    response.setDiffsList(names);
    return response;
  }),
  configure: unary(async (request: provider.ConfigureRequest) => {
    const configured = values(request.getArgs()).host;
    host = typeof configured === "string" ? configured : undefined;
    // Secrets: like the official plugin this one takes plain values, and the engine marks the outputs of secret inputs.
    const response = new provider.ConfigureResponse();
    response.setSupportspreview(true);
    response.setSupportsAutonamingConfiguration(true);
    return response;
  }),
  check: unary(async (request: provider.CheckRequest) => {
    const { shape } = kindOf(request.getUrn());
    const olds = request.getOlds();
    const { inputs, failures } = check(
      shape,
      nameOf(request.getUrn()),
      values(request.getNews()),
      olds && values(olds),
      autonaming(request),
    );
    const response = new provider.CheckResponse();
    response.setInputs(struct(inputs));
    for (const { property, reason } of failures) {
      const failure = new provider.CheckFailure();
      failure.setProperty(property);
      failure.setReason(reason);
      response.addFailures(failure);
    }
    return response;
  }),
  diff: unary(async (request: provider.DiffRequest) => {
    const { shape } = kindOf(request.getUrn());
    const ignored = request.getIgnorechangesList().map((path) => path.split(/[.[]/)[0] ?? path);
    const difference = diff(shape, values(request.getOlds()), values(request.getNews()), ignored);
    const response = new provider.DiffResponse();
    response.setChanges(
      difference.detailed.size > 0 ? provider.DiffResponse.DiffChanges.DIFF_SOME : provider.DiffResponse.DiffChanges.DIFF_NONE,
    );
    response.setReplacesList([...difference.replaces]);
    response.setDeletebeforereplace(difference.deleteBeforeReplace);
    response.setDiffsList([...new Set([...difference.detailed.keys()].map((path) => path.split(/[.[]/)[0] ?? path))].sort());
    response.setHasdetaileddiff(true);
    for (const [path, kind] of difference.detailed) {
      const change = new provider.PropertyDiff();
      change.setKind(CHANGE[kind]);
      response.getDetaileddiffMap().set(path, change);
    }
    const stable = Object.entries(shape.properties).filter(
      ([name, { change, use }]) => change === "replace" && use !== "output" && !difference.replaces.includes(name),
    );
    response.setStablesList(stable.map(([name]) => name).sort());
    return response;
  }),
  create: unary(async (request: provider.CreateRequest, signal) => {
    const kind = kindOf(request.getUrn());
    const inputs = values(request.getProperties());
    const response = new provider.CreateResponse();
    if (request.getPreview()) {
      response.setProperties(struct(proposedState(kind.shape, inputs)));
      return response;
    }
    const made = await kind.create(docker(), inputs, either(signal));
    response.setId(made.id);
    response.setProperties(struct(settledState(kind.shape, inputs, completeState(kind.shape, made.id, made.state))));
    return response;
  }),
  read: unary(async (request: provider.ReadRequest) => {
    const kind = kindOf(request.getUrn());
    const state = values(request.getProperties());
    const inputs = values(request.getInputs());
    const isRefresh = Object.keys(state).length > 0;
    const read = await kind.read(docker(), request.getId(), state);
    const response = new provider.ReadResponse();
    if (!read) return response;
    const complete = settledState(kind.shape, state, completeState(kind.shape, read.id, read.state));
    response.setId(read.id);
    response.setProperties(struct(complete));
    response.setInputs(struct(isRefresh ? refreshedInputs(kind.shape, inputs, complete) : importedInputs(kind.shape, complete)));
    return response;
  }),
  update: unary(async (request: provider.UpdateRequest) => {
    const kind = kindOf(request.getUrn());
    const [state, inputs] = [values(request.getOlds()), values(request.getNews())];
    if (!request.getPreview()) await kind.update(docker(), request.getId(), state, inputs);
    const response = new provider.UpdateResponse();
    response.setProperties(struct(updatedState(kind.shape, request.getId(), state, inputs)));
    return response;
  }),
  delete: unary(async (request: provider.DeleteRequest, signal) => {
    await kindOf(request.getUrn()).delete(docker(), request.getId(), values(request.getProperties()), either(signal));
    return new Empty();
  }),
};

serve(ResourceProviderService, handlers, () => cancelled.abort());
