// node -r ./loader.js: runs TypeScript, and starts fast. Every program of dockstage is started through this file: the Pulumi
// program, both providers, the language host and the command line. What each part saves: docs/performance.md.
"use strict";
const Module = require("node:module");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { createHash } = require("node:crypto");
const { keepCompiled } = require("./loader-cache.js");

const { version } = require("./package.json");
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "dockstage", "compiled", version);
keepCompiled(cache);

/** With DOCKSTAGE_DEBUG set, the SDK writes down and logs all that it would without this file. */
const DEBUG = Boolean(process.env.DOCKSTAGE_DEBUG || process.env.PULUMI_DEBUG_PROMISE_LEAKS);

/** Parts of packages that a usual run never needs, by the package that asks for them. They load on first use. */
const LAZY = {
  "@pulumi/pulumi":
    /^(typescript|ts-node|@npmcli\/arborist|pacote|\.{1,2}\/automation(\/.*)?|execa|got|tmp|glob|picomatch|semver|normalize-package-data|read-package-tree|@opentelemetry\/.*|\.\/dynamic|\.\/provider)$/,
  zod: /\/locales\/index\.cjs$/,
  "docker-modem": /^\.\/ssh$/,
  dockerode: /^\.\/(session|buildkit)$/,
};
const load = Module._load;
Module._load = function (id, parent, isMain) {
  const asking = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/](?!.*[\\/]node_modules[\\/])/
    .exec(parent?.filename ?? "")?.[1]
    .replace("\\", "/");
  // Connects to V8's debugger before the program runs, for functions that are made from closures; they load it again themselves.
  if (id === "../../runtime/closure/v8Hooks" && asking === "@pulumi/pulumi") return { isInitializedAsync: async () => undefined };
  if (id === "source-map-support/register" && asking === "@pulumi/pulumi") return undefined; // the same is below
  // The SDK's own words for --debug, four calls to the engine for each resource; what a program logs itself goes through index.js.
  if (/(^|\/)log$/.test(id) && asking === "@pulumi/pulumi" && !/[\\/]index\.js$/.test(parent.filename) && !DEBUG)
    return Object.create(load.call(this, id, parent, isMain), { debug: { value: async () => undefined } });
  if (!asking || !Object.hasOwn(LAZY, asking) || !LAZY[asking].test(id)) return load.call(this, id, parent, isMain);
  let loaded;
  const real = () => (loaded ??= load.call(Module, id, parent, false));
  return new Proxy(function () {}, {
    get: (_, key) => (key === "__esModule" ? true : key === "default" && !real().__esModule ? real() : real()[key]),
    apply: (_, self, args) => real().apply(self, args),
    construct: (_, args) => new (real())(...args),
  });
};

/** Where the source map of a TypeScript file is. */
const maps = new Map();

// The SDK writes down a stack for each promise and each resource. To map all of them to their sources took a quarter of the
// program's time, and the paths of this machine went into the stack's state. An error with a text is mapped.
const RECORDS = /@pulumi[\\/]pulumi[\\/](runtime[\\/]debuggable|resource)\.js$/;
let mapped;
const prepareStackTrace = (error, sites) => {
  if (error.message === "" && RECORDS.test(sites[0]?.getFileName() ?? "") && !DEBUG) return String(error);
  if (!mapped) {
    mapped = (plain, frames) => [plain, ...frames].join("\n    at "); // while the following loads
    const retrieveSourceMap = (file) => (maps.has(file) ? { url: file, map: fs.readFileSync(maps.get(file), "utf8") } : null);
    Module.createRequire(require.resolve("@pulumi/pulumi"))("source-map-support").install({
      retrieveSourceMap,
      handleUncaughtExceptions: false,
    });
    mapped = Error.prepareStackTrace;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return mapped(error, sites);
};
Error.prepareStackTrace = prepareStackTrace;

require.extensions[".ts"] = (module, file) => {
  const source = fs.readFileSync(file, "utf8");
  const kept = path.join(cache, createHash("sha256").update(file).update("\0").update(source).digest("hex") + ".js");
  if (!fs.existsSync(kept)) {
    const { code, map } = require("esbuild").transformSync(source, {
      loader: "ts",
      format: "cjs",
      target: "node20",
      sourcemap: "external",
      sourcefile: file,
    });
    fs.mkdirSync(cache, { recursive: true });
    for (const [name, text] of [
      [`${kept}.map`, map],
      [kept, code],
    ]) {
      fs.writeFileSync(`${name}.${process.pid}`, text);
      fs.renameSync(`${name}.${process.pid}`, name);
    }
  }
  maps.set(file, `${kept}.map`);
  module._compile(fs.readFileSync(kept, "utf8"), file);
};
