// node -r ./loader.js: runs TypeScript through esbuild with a cache keyed by content, and loads the rarely used parts of the
// Pulumi SDK on first use. Together they halve the start of the program (docs/performance.md).
"use strict";
const Module = require("node:module");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { createHash } = require("node:crypto");

const LAZY =
  /^(typescript|ts-node|@npmcli\/arborist|pacote|\.{1,2}\/automation(\/.*)?|execa|got|tmp|glob|picomatch|semver|normalize-package-data|read-package-tree|@opentelemetry\/.*|\.\/dynamic|\.\/provider)$/;
const load = Module._load;
Module._load = function (id, parent, isMain) {
  if (!parent || !LAZY.test(id) || !/[\\/]@pulumi[\\/]pulumi[\\/]/.test(parent.filename ?? "")) return load.call(this, id, parent, isMain);
  let loaded;
  const real = () => (loaded ??= load.call(Module, id, parent, false));
  return new Proxy(function () {}, {
    get: (_, key) => (key === "__esModule" ? true : key === "default" && !real().__esModule ? real() : real()[key]),
    apply: (_, self, args) => real().apply(self, args),
    construct: (_, args) => new (real())(...args),
  });
};

const { version } = require("./package.json");
const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "dockstage", "transpiled", version);
require.extensions[".ts"] = (module, file) => {
  const source = fs.readFileSync(file, "utf8");
  const kept = path.join(cache, createHash("sha256").update(file).update("\0").update(source).digest("hex") + ".js");
  if (!fs.existsSync(kept)) {
    const { code } = require("esbuild").transformSync(source, { loader: "ts", format: "cjs", target: "node20", sourcemap: "inline", sourcefile: file });
    fs.mkdirSync(cache, { recursive: true });
    fs.writeFileSync(`${kept}.${process.pid}`, code);
    fs.renameSync(`${kept}.${process.pid}`, kept);
  }
  module._compile(fs.readFileSync(kept, "utf8"), file);
};
