const { projects } = require("../../jest.config");

const { transform, transformIgnorePatterns, moduleNameMapper, rootDir } = projects[0];

module.exports = {
  transform,
  transformIgnorePatterns,
  moduleNameMapper,
  rootDir,
  testEnvironment: "<rootDir>/test/mutation/environment.js",
  testMatch: ["<rootDir>/test/**/*.test.ts"],
  testTimeout: 20_000,
  globalSetup: "<rootDir>/test/mutation/setup.ts",
};
