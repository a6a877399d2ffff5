import { environmentOn } from "../hold/crowd";
import { OwnPostgres } from "../hold/own-postgres";
import { freePort, type Program, runProgram } from "../support/program";
import { type Bouncer, openBouncer } from "./pgbouncer";
import { openReplicasNginx, type RecipeProxy } from "./proxies";

/** Postgres, PgBouncer, two programs and nginx, one before the other. */
export class Replicas {
  private constructor(
    readonly postgres: OwnPostgres,
    readonly bouncer: Bouncer,
    readonly nginx: RecipeProxy,
    readonly env: Record<string, string>,
    readonly ports: [number, number],
    readonly programs: [Program, Program],
  ) {}

  /** Puts them up; `prepare` fills the database first. */
  static async open(prepare: (url: string) => Promise<unknown> = async () => {}): Promise<Replicas> {
    const postgres = await OwnPostgres.start({ max_connections: "40" });
    await prepare(postgres.url);
    const bouncer = await openBouncer(postgres.url);
    const ports: [number, number] = [await freePort(), await freePort()];
    const nginx = await openReplicasNginx(ports);
    const env = {
      ...environmentOn(bouncer.to(postgres.url)),
      BASE_URL: `http://127.0.0.1:${nginx.port}`,
      TRUST_PROXY: "1",
    };
    // At once: on an empty database both want to migrate.
    const programs = await Promise.all([
      runProgram({ ...env, PORT: String(ports[0]) }),
      runProgram({ ...env, PORT: String(ports[1]) }),
    ]);
    for (const program of programs) expectToRun(program);
    return new Replicas(postgres, bouncer, nginx, env, ports, programs);
  }

  readonly #stopped: string[] = [];

  /** What all programs so far have logged as errors. */
  complaints(): string[] {
    const logs = [...this.#stopped, ...this.programs.map((program) => program.printed())];
    return logs.flatMap((log) => log.split("\n")).filter((line) => line.includes('"level":50'));
  }

  get origin(): string {
    return this.env.BASE_URL ?? "";
  }

  /** Stops one program and starts its successor, perhaps of another build; resolves when that is ready. */
  async replace(which: 0 | 1, root?: string): Promise<void> {
    expect(await this.programs[which].end("SIGTERM")).toBe(0);
    this.#stopped.push(this.programs[which].printed());
    this.programs[which] = await runProgram({ ...this.env, PORT: String(this.ports[which]) }, root);
    expectToRun(this.programs[which]);
    expect((await fetch(`${this.programs[which].origin}/readyz`)).status).toBe(200);
  }

  async close(): Promise<void> {
    for (const program of this.programs) if (program.process.exitCode === null) await program.end("SIGTERM");
    await this.nginx.stop();
    await this.bouncer.stop();
    await this.postgres.end();
  }
}

function expectToRun({ process: child, printed }: Program): void {
  if (child.exitCode !== null) throw new Error(`A program does not start:\n${printed()}`);
}
