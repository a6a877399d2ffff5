const transform = {
  "^.+\\.[jt]s$": [
    "@swc/jest",
    { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
  ],
};
const shared = {
  transform,
  // otplib's parts are ES modules only, which Jest on Node 20 cannot require as they are.
  transformIgnorePatterns: ["/node_modules/(?!(@scure|@noble)/)"],
  testEnvironment: "<rootDir>/test/support/outside-sandbox/environment.js",
  moduleNameMapper: {
    "^(?:@zxcvbn-ts/)?(qrcode|core|language-.+)$": "<rootDir>/test/support/outside-sandbox/$1.js",
  },
  rootDir: __dirname,
};

/** @type {import("jest").Config} */
module.exports = {
  maxWorkers: 2,
  testTimeout: 60_000,
  reporters: ["default", "<rootDir>/test/support/count-reporter.js"],
  projects: [
    {
      ...shared,
      displayName: "server",
      testMatch: ["<rootDir>/test/**/*.test.ts"],
      testPathIgnorePatterns: ["<rootDir>/test/browser/", "/node_modules/"],
      globalSetup: "<rootDir>/test/support/global-setup.ts",
      globalTeardown: "<rootDir>/test/support/global-teardown.ts",
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
  ],
};
