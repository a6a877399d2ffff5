const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");

const THIS = readFileSync(__filename);
const IS_MODULE = /^\s*(import|export)\b/m;

/**
 * Libraries stay outside Jest's sandbox: inside, each test file would load all of them anew, for longer than most
 * files' tests take, and they would run several times slower. They are the libraries themselves, no stand-ins, loaded
 * once for each worker; Latchkey's own modules are loaded for each test file. What sets a run up has no sandbox.
 */
module.exports = {
  getCacheKey: (source, file) => createHash("sha256").update(THIS).update(file).update(source).digest("hex"),
  process(source, file) {
    if (IS_MODULE.test(source)) return { code: source };
    const outside = `if (globalThis.loadOutside) return void (module.exports = loadOutside(${JSON.stringify(file)}));`;
    return { code: `${/^\s*["']use strict/.test(source) ? '"use strict";' : ""}${outside}${source}` };
  },
};
