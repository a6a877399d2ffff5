import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { freePort } from "../support/program";
import { until } from "../support/until";
import { type Engine, engineDoes } from "./container-engine";

/** What the README's line hands to the container, but for the port and the volume. */
export const HARDENED = ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"];
HARDENED.push("--security-opt", "no-new-privileges");

/** A container, running in the foreground of a process of its own. */
export class Container {
  readonly name = `latchkey-test-${randomBytes(6).toString("hex")}`;
  printed = "";
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  private constructor(
    readonly engine: Engine,
    readonly port: number,
    image: string,
    options: string[],
  ) {
    const all = ["run", "--rm", "--name", this.name, ...options, image];
    this.#process = spawn(engine, all, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process.stdout?.on("data", (chunk) => (this.printed += chunk));
    this.#process.stderr?.on("data", (chunk) => (this.printed += chunk));
    this.#ended = once(this.#process, "close").then(([code]) => code);
  }

  /** Starts the image on a volume, as hardened as it can be, and waits until it serves or has ended. */
  static async start(
    engine: Engine,
    image: string,
    volume: string,
    { options = [], port, inside = 3000 }: { options?: string[]; port?: number; inside?: number } = {},
  ): Promise<Container> {
    const own = port ?? (await freePort());
    const published = ["-p", `127.0.0.1:${own}:${inside}`, "-e", `BASE_URL=http://localhost:${own}`];
    const all = [...HARDENED, "-v", `${volume}:/data`, ...published, ...options];
    const container = new Container(engine, own, image, all);
    const served = () => container.printed.includes("Latchkey is ready") || !container.runs;
    await until("the container serves", served, 60_000);
    return container;
  }

  get runs(): boolean {
    return this.#process.exitCode === null;
  }

  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  get setUpAddress(): string {
    const [address] = this.printed.match(/http:\/\/\S+\/setup\?token=[\w-]+/) ?? [];
    if (address === undefined) throw new Error(`No set-up address was printed:\n${this.printed}`);
    return address;
  }

  /** Runs a command inside; throws where it fails. */
  exec(...command: string[]): string {
    return engineDoes(this.engine, ["exec", this.name, ...command]);
  }

  /** Its exit code, once it has ended by itself or by what was done to it. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** Sends a signal to its first process, and waits for its exit code; after SIGKILL nothing is left of any in it. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    if (this.runs) spawn(this.engine, ["kill", "--signal", signal, this.name], { stdio: "ignore" });
    return this.#ended;
  }
}
