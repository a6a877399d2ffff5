// An ES module, which Jest refuses to require before libraries.js could send it outside.
module.exports = globalThis.loadOutside("node-pg-migrate");
