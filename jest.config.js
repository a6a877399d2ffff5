const shared = {
  transform: {
    "/node_modules/": "<rootDir>/test/support/outside-sandbox/libraries.js",
    "\\.[jt]s$": [
      "@swc/jest",
      { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
  transformIgnorePatterns: [],
  moduleNameMapper: {
    "^node-pg-migrate$": "<rootDir>/test/support/outside-sandbox/node-pg-migrate.js",
    "^@seriousme/openapi-schema-validator$":
      "<rootDir>/test/support/outside-sandbox/openapi-schema-validator.js",
  },
  testEnvironment: "<rootDir>/test/support/outside-sandbox/environment.js",
  rootDir: __dirname,
  // Copies of the project, left by a mutation run.
  modulePathIgnorePatterns: ["<rootDir>/mutation/"],
};

/** @type {import("jest").Config} */
module.exports = {
  // More than the two cores it is meant for: many tests wait, for a process to start or for a second to pass.
  maxWorkers: 3,
  testTimeout: 60_000,
  reporters: ["default", "<rootDir>/test/support/count-reporter.js"],
  projects: [
    {
      ...shared,
      displayName: "server",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: [
        "<rootDir>/test/browser/",
        "<rootDir>/test/hold/",
        "<rootDir>/test/beside/",
        "/node_modules/",
      ],
      globalSetup: "<rootDir>/test/support/global-setup.ts",
      globalTeardown: "<rootDir>/test/support/global-teardown.ts",
    },
    {
      ...shared,
      displayName: "hold",
      testMatch: ["<rootDir>/test/hold/**/*.test.ts"],
      globalSetup: "<rootDir>/test/support/global-setup.ts",
      globalTeardown: "<rootDir>/test/support/global-teardown.ts",
    },
    {
      ...shared,
      displayName: "beside",
      testMatch: ["<rootDir>/test/beside/**/*.test.ts"],
      globalSetup: "<rootDir>/test/support/beside-setup.ts",
      globalTeardown: "<rootDir>/test/support/beside-teardown.ts",
    },
    {
      ...shared,
      displayName: "bench",
      testMatch: ["<rootDir>/test/bench/*.bench.ts"],
      globalSetup: "<rootDir>/test/support/global-setup.ts",
      globalTeardown: "<rootDir>/test/support/global-teardown.ts",
    },
    {
      ...shared,
      displayName: "browser",
      testMatch: ["<rootDir>/test/browser/**/*.test.ts"],
      globalSetup: "<rootDir>/test/support/browser-setup.ts",
      globalTeardown: "<rootDir>/test/support/browser-teardown.ts",
    },
    {
      ...shared,
      displayName: "pages",
      testMatch: ["<rootDir>/test/pages/*.pages.ts"],
      globalSetup: "<rootDir>/test/support/browser-setup.ts",
      globalTeardown: "<rootDir>/test/support/browser-teardown.ts",
    },
  ],
};
