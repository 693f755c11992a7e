import { type ChildProcess, spawn } from "node:child_process";
import type { ServerWritableStream } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as language from "@pulumi/pulumi/proto/language_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { engineAddress, serve, unary } from "../rpc";
import { configForProgram, nodeOptions, programArguments } from "./arguments";

/** The SDK's exit code for "the errors were shown already". */
const BAIL = 32;

/** Time for the program to end by itself after an interrupt, in milliseconds; the official host waits as long. */
const GRACE = 5000;

const children = new Set<ChildProcess>();
let engine = engineAddress() ?? "";

function stop(child: ChildProcess): void {
  child.kill("SIGINT");
  setTimeout(() => child.kill("SIGKILL"), GRACE).unref();
}

const stopAll = () => children.forEach(stop);

async function run(request: language.RunRequest, gone: AbortSignal): Promise<language.RunResponse> {
  const response = new language.RunResponse();
  try {
    const code = await execute(request, gone);
    if (code === BAIL) response.setBail(true);
    else if (code !== 0)
      response.setError(`Program exited with ${typeof code === "number" ? `non-zero exit code: ${code}` : `signal ${code}`}`);
  } catch (error) {
    response.setError(error instanceof Error ? error.message : String(error));
  }
  return response;
}

/** Runs the program; its output goes straight to the engine's console. */
function execute(request: language.RunRequest, gone: AbortSignal): Promise<number | NodeJS.Signals> {
  const options = nodeOptions(request.getInfo()?.getOptions()?.toJavaScript() ?? {});
  const env = {
    ...process.env,
    PULUMI_CONFIG: configForProgram(request.getConfigMap().toArray()),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(options.typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(options.tsconfig && { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
  const child = spawn(process.execPath, [...options.nodeargs, ...programArguments(request, engine)], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Not inherited: the program may make the descriptors non-blocking, which would break the host's own end of them.
  child.stdout.pipe(process.stdout, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  children.add(child);
  const interrupt = () => stop(child);
  gone.addEventListener("abort", interrupt);
  return new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`could not start node: ${error.message}`)));
    child.on("close", (code, signal) => resolve(code ?? signal ?? 1));
  }).finally(() => {
    children.delete(child);
    gone.removeEventListener("abort", interrupt);
  });
}

serve(
  LanguageRuntimeService,
  {
    handshake: unary(async (request: language.LanguageHandshakeRequest) => {
      engine = request.getEngineAddress() || engine;
      return new language.LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(async () => new PluginInfo()),
    // Plugins are found where scripts/setup put them; without a list the engine looks them up when a resource asks for one.
    getRequiredPackages: unary(async () => new language.GetRequiredPackagesResponse()),
    getRequiredPlugins: unary(async () => new language.GetRequiredPluginsResponse()),
    getProgramDependencies: unary(async () => new language.GetProgramDependenciesResponse()),
    about: unary(async () => {
      const about = new language.AboutResponse();
      about.setExecutable(process.execPath);
      about.setVersion(process.version);
      return about;
    }),
    installDependencies: (call: ServerWritableStream<language.InstallDependenciesRequest, language.InstallDependenciesResponse>) => {
      const note = new language.InstallDependenciesResponse();
      note.setStderr(Buffer.from('The offline language host installs nothing: run "npm ci".\n'));
      call.write(note);
      call.end();
    },
    cancel: unary(async () => {
      stopAll();
      return new Empty();
    }),
    run: unary(run),
  },
  stopAll,
);
