// results.js FILE CODE: prints `PASSED FAILED` of jest's JSON result, given jest's exit code.
"use strict";
const fs = require("node:fs");

function counts(file, code) {
  if (!fs.existsSync(file)) return [0, 1];
  const result = JSON.parse(fs.readFileSync(file, "utf8"));
  // A test that is left out has not passed; a file that does not load has no tests to count.
  const failed = result.numFailedTests + result.numPendingTests + result.numTodoTests + result.numRuntimeErrorTestSuites;
  return [result.numPassedTests, failed === 0 && code !== 0 ? 1 : failed];
}

const [file, code] = process.argv.slice(2);
console.log(counts(file, Number(code)).join(" "));
