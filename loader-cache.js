// Keeps what V8 made of the modules, one file per program: compiling some hundred modules again takes longer than running them.
"use strict";
const Module = require("node:module");
const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");
const { createHash } = require("node:crypto");

/** Compiled code of every module that this program loads, in `folder`; Node does the same by itself from version 22.8 on. */
exports.keepCompiled = (folder) => {
  if (Module.enableCompileCache) return void Module.enableCompileCache(folder);
  const program = process.argv[1] ?? "";
  const kept = path.join(
    folder,
    createHash("sha256").update([process.version, process.arch, program].join("\0")).digest("hex").slice(0, 32) + ".v8",
  );
  const known = read(kept);
  const scripts = new Map();
  let fresh = 0;
  Module.prototype._compile = function (content, filename) {
    const key = `${filename}\0${createHash("sha256").update(content).digest("base64")}`;
    const cachedData = known.get(key);
    const script = new vm.Script(Module.wrap(content), {
      filename,
      cachedData,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    if (!cachedData || script.cachedDataRejected) fresh++;
    scripts.set(key, script);
    const require = (id) => this.require(id);
    require.resolve = (id, options) => Module._resolveFilename(id, this, false, options);
    require.resolve.paths = (id) => Module._resolveLookupPaths(id, this);
    Object.assign(require, { main: process.mainModule, extensions: Module._extensions, cache: Module._cache });
    return script.runInThisContext().call(this.exports, this.exports, require, this, filename, path.dirname(filename));
  };
  process.on("exit", () => {
    if (fresh === 0) return;
    // Another app's program is the same one with other modules: what it kept stays, as long as its files are there.
    const here = new Set([...scripts.keys()].map(fileOf));
    const others = [...known].filter(([key]) => !here.has(fileOf(key)) && fs.existsSync(fileOf(key)));
    write(kept, new Map([...others, ...[...scripts].map(([key, script]) => [key, script.createCachedData()])]));
  });
};

const fileOf = (key) => key.slice(0, key.indexOf("\0"));

/** The file is a line of JSON, [key, length] of each module, and the data after it. */
function read(file) {
  try {
    const all = fs.readFileSync(file);
    let at = all.indexOf(10) + 1;
    return new Map(JSON.parse(all.toString("utf8", 0, at)).map(([key, length]) => [key, all.subarray(at, (at += length))]));
  } catch {
    return new Map(); // the first start, or one that was cut off
  }
}

function write(file, modules) {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const index = [...modules].map(([key, data]) => [key, data.length]);
    fs.writeFileSync(`${file}.${process.pid}`, Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...modules.values()]));
    fs.renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A folder that cannot be written: every start then compiles.
  }
}
