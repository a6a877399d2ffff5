// An ES module, as in node-pg-migrate.js.
module.exports = globalThis.loadOutside("@seriousme/openapi-schema-validator");
