import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.join(__dirname, "..");
const read = (file: string) => JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));

type Package = {
  /** What it is published as, where it is installed under another name. */
  name?: string;
  version: string;
  license?: string;
  integrity?: string;
  resolved?: string;
  dev?: boolean;
  hasInstallScript?: boolean;
};

const manifest = read("package.json");
const packages = Object.entries<Package>(read("package-lock.json").packages)
  .filter(([place]) => place !== "")
  .map(([place, found]) => {
    const name = place.split("node_modules/").pop() ?? "";
    return { ...found, name, publishedAs: found.name ?? name };
  });
/** What people who run Latchkey get; `dev` marks what only tests and the build need. */
const shipped = packages.filter(({ dev }) => !dev);

// Permissive ones, which ask for their text to be kept at most. Anything else is to be read by somebody first.
const LICENCES = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
  "MIT-0",
]);

/** True for an SPDX expression that can be kept by keeping licences of the list. */
function isAllowed(expression = ""): boolean {
  const anyOf = expression.replace(/[()]/g, "").split(" OR ");
  return anyOf.some((all) => all.split(" AND ").every((licence) => LICENCES.has(licence)));
}

describe("what Latchkey is made of", () => {
  it("is named by exact versions, also in what is installed next", () => {
    const ranges = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };
    const versions = Object.values(ranges).flatMap((of) =>
      typeof of === "string" ? [of] : Object.values(of as object),
    );
    expect(versions.length).toBeGreaterThan(20);
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    expect(readFileSync(path.join(ROOT, ".npmrc"), "utf8")).toContain("save-exact=true");
  });

  it("is locked: each package by its hash, from no address of its own", () => {
    expect(
      packages.filter(({ integrity }) => !/^sha512-/.test(integrity ?? "")).map(({ name }) => name),
    ).toEqual([]);
    // Whatever comes from anywhere but the registry in use has its address in the lock.
    const elsewhere = packages.filter(({ resolved }) => resolved !== undefined);
    expect(elsewhere.map(({ name }) => name)).toEqual([]);
  });

  it("runs at installation only the scripts that are approved, and approves no others", () => {
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    expect(Object.keys(manifest.allowScripts).sort()).toEqual([...new Set(scripted)].sort());
    expect(Object.values(manifest.allowScripts)).not.toContain(false);
  });

  it("is shipped under licences that were looked at", () => {
    expect(shipped.length).toBeGreaterThan(20);
    const others = shipped.filter(({ license }) => !isAllowed(license));
    expect(others.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  it.each([
    ["MIT", true],
    ["(MIT OR GPL-3.0-only)", true],
    ["Apache-2.0 AND MIT", true],
    ["MIT AND GPL-3.0-only", false],
    ["GPL-3.0-only", false],
    ["SEE LICENSE IN LICENSE", false],
    [undefined, false],
  ])("the licence %s is taken: %s", (expression, taken) => {
    expect(isAllowed(expression)).toBe(taken);
  });

  it("is listed by one command, each package with its version and hash", () => {
    const bom = JSON.parse(
      execFileSync("npm", ["run", "--silent", "sbom"], { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 26 }),
    );
    expect(bom.bomFormat).toBe("CycloneDX");
    const listed = new Map<string, { hashes?: unknown[] }>(
      bom.components.map((part: { name: string; version: string }) => [`${part.name}@${part.version}`, part]),
    );
    const missing = packages.filter(({ name, publishedAs, version }) => {
      const part = listed.get(`${name}@${version}`) ?? listed.get(`${publishedAs}@${version}`);
      return !part?.hashes?.length;
    });
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it("is told of in DECISIONS.md: no package it names itself is without a reason there", () => {
    const reasons = readFileSync(path.join(ROOT, "DECISIONS.md"), "utf8");
    expect(Object.keys(manifest.dependencies).filter((name) => !reasons.includes(name))).toEqual([]);
  });
});
