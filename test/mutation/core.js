const { readdirSync } = require("node:fs");
const path = require("node:path");

/** The security core, which is broken one place at a time: folders, with the files where it is not all of them. */
const SOURCES = {
  "src/base": "api-key-format asked-for cookie-reach credentials link-token local-path recovery-code",
  "src/features/api": "",
  "src/features/api-key": "",
  "src/features/confirm-password": "",
  "src/features/forgot-password": "",
  "src/features/forward-auth": "",
  "src/features/password": "",
  "src/features/sessions": "",
  "src/features/sign-in": "",
  "src/features/two-factor": "",
  "src/middleware": "api-door cookie-trouble errors forgery guards security-headers session",
  "src/platform": "app-secret one-time-code passwords seal",
  "src/records": "links parked-forms people recovery-codes second-factors signed-in throttles",
  "src/records/api-keys": "api-keys callers ways-in",
  "src/records/sessions": "conditions lookups sessions",
  "src/web":
    "came-from check-api-key count-wrong-keys find-identity identity-headers leave live-session-of live-sessions " +
    "log-refusal look-at-session park-form session-cookie session-store start-session throttle",
};

/** The tests that are to notice: those that run in the test's own process, most of them against a real desk. */
const TESTS = {
  "test/base": "",
  "test/features": "",
  "test/middleware": "",
  "test/platform": "app-secret.test config.test one-time-code.test passwords.test seal.test",
  "test/records": "",
  "test/web": "",
};

/** The files named so, by their paths from `root`. Throws where one is not there. */
function filesOf(root, folders) {
  return Object.entries(folders).flatMap(([folder, names]) => {
    const there = readdirSync(path.join(root, folder)).filter((name) => name.endsWith(".ts"));
    const wanted = names === "" ? there : names.split(" ").map((name) => `${name}.ts`);
    const missing = wanted.filter((name) => !there.includes(name));
    if (missing.length > 0) throw new Error(`There is no ${missing.join(", no ")} in ${folder}`);
    return wanted.map((name) => `${folder}/${name}`);
  });
}

module.exports = { SOURCES, TESTS, filesOf };
