// The package's entry: TypeScript through the loader, whichever way Node was started.
"use strict";
require("./loader.js");
module.exports = require("./exports.ts");
