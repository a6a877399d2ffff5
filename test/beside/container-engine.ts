import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { isInstalled } from "./process";

const ROOT = path.join(__dirname, "..", "..");
const ENGINES = ["docker", "podman"] as const;
const PATIENCE_MS = 10_000;

/** A program that builds images and runs containers. */
export type Engine = (typeof ENGINES)[number];

/** The Dockerfile of this repository. */
export const DOCKERFILE = readFileSync(path.join(ROOT, "Dockerfile"), "utf8");

/** `describe` with an engine that works and has the base images, or a skipped one whose name says why there is none. */
export function describeWithEngine(name: string, tests: (engine: Engine) => void): void {
  const obstacles: string[] = [];
  for (const engine of ENGINES) {
    const obstacle = whatHinders(engine);
    if (obstacle === undefined) {
      describe(`${name} (${engine})`, () => tests(engine));
      return;
    }
    obstacles.push(obstacle);
  }
  const reason = `skipped: ${obstacles.join("; ")}`;
  console.warn(`${name} (${reason})`);
  describe.skip(`${name} (${reason})`, () => tests(ENGINES[0]));
}

/** Runs the engine to its end; throws with what it printed where it fails. */
export function engineDoes(engine: Engine, args: string[]): string {
  const { status, stdout, stderr } = spawnSync(engine, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${engine} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  return stdout.trim();
}

/**
 * Builds the image of a folder, of this repository where none is given. IMAGE_BUILD_OPTIONS holds what a build on this
 * machine needs, such as the certificates of its proxy.
 */
export function buildImage(engine: Engine, tag: string, folder = ROOT): void {
  // Podman's own format knows no health check.
  const format = engine === "podman" ? ["--format", "docker"] : [];
  const options = (process.env.IMAGE_BUILD_OPTIONS ?? "").split(" ").filter(Boolean);
  engineDoes(engine, ["build", ...format, ...options, "-t", tag, folder]);
}

function whatHinders(engine: Engine): string | undefined {
  if (!isInstalled(engine)) return `there is no ${engine} on this machine`;
  const silent = complaint(engine, ["info"]);
  if (silent !== undefined) return `${engine} does not answer here (${silent})`;
  const bases = [...DOCKERFILE.matchAll(/^ARG \w+=(\S+:\S+)$/gm)].map(([, base = ""]) => base);
  for (const base of bases) {
    if (complaint(engine, ["image", "inspect", base]) === undefined) continue;
    const refused = complaint(engine, ["pull", base]);
    if (refused !== undefined) return `${engine} cannot get the base image ${base} (${refused})`;
  }
  const idle = complaint(engine, ["run", "--rm", bases[0] ?? "", "true"]);
  return idle === undefined ? undefined : `${engine} can run no container here (${idle})`;
}

/** What it prints last where it fails; undefined where it does what it is asked. */
function complaint(engine: Engine, args: string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(engine, args, {
    encoding: "utf8",
    timeout: PATIENCE_MS,
    killSignal: "SIGKILL",
  });
  if (status === 0) return undefined;
  return `${stdout}\n${stderr}`.trim().split("\n").at(-1) || "without a word";
}
