import { readdirSync, readFileSync, rmSync } from "node:fs";
import { Client } from "pg";
import { chooseAccount, ownCluster } from "../../src/platform/embedded-postgres/account";
import { ensureAppDatabase } from "../../src/platform/embedded-postgres/app-database";
import { ensureCluster } from "../../src/platform/embedded-postgres/cluster";
import { connect } from "../../src/platform/embedded-postgres/connect";
import { openDataFolder } from "../../src/platform/embedded-postgres/data-folder";
import { readPassword } from "../../src/platform/embedded-postgres/password";
import { findPrograms } from "../../src/platform/embedded-postgres/programs";
import { urlOf } from "../../src/platform/embedded-postgres/running";
import { type ServerProcess, startServerProcess } from "../../src/platform/embedded-postgres/server-process";
import type { Site } from "../../src/platform/embedded-postgres/types";
import { newDatabaseFolder } from "../support/database-folder";
import { freePort } from "../support/program";
import { until } from "../support/until";

// What is killed here are processes, never the machine: what was written is there afterwards without waiting for a disk.
const FOR_TESTS = { fsync: "off" };

const quiet = { info() {}, warn: console.warn, error: console.error };

/** A durable Postgres of one's own at one address, to be stopped, killed, paused and filled as the test likes. */
export class OwnPostgres {
  #server: ServerProcess | undefined;

  private constructor(
    readonly folder: string,
    readonly url: string,
    private readonly site: Site,
    private readonly port: number,
    private readonly password: string,
  ) {}

  /**
   * Makes it, in a folder of its own unless given, and starts it; as whatever program `started` makes of Postgres's own,
   * which it must end up as.
   */
  static async start(
    settings: Record<string, string> = {},
    where?: string,
    started = (postgres: string) => postgres,
  ): Promise<OwnPostgres> {
    const folder = where ?? newDatabaseFolder("hold");
    const data = await openDataFolder(folder);
    const account = await chooseAccount(data, quiet);
    const programs = await findPrograms(account);
    const site: Site = {
      data,
      account,
      programs: { ...programs, postgres: started(programs.postgres) },
      log: quiet,
      durable: true,
      settings: { ...FOR_TESTS, ...settings },
    };
    await ensureCluster(site);
    await ownCluster(data, account);
    const password = (await readPassword(data.password)) ?? "";
    const port = await freePort();
    const postgres = new OwnPostgres(folder, urlOf(port, password), site, port, password);
    await postgres.start();
    return postgres;
  }

  /** Starts it again; resolves when it answers. */
  async start(): Promise<void> {
    this.#server = await startServerProcess(this.site, this.port);
    await this.#answers();
  }

  /** Starts it again where it has ended by itself; resolves when it answers. */
  async restartIfGone(): Promise<void> {
    if (this.#server?.hasExited()) await this.start();
    else await this.#answers();
  }

  /** A fast shutdown, as an operator's. */
  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** SIGKILL to every process of it at once, as when its machine is lost; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#server?.exited;
  }

  /** Holds every process of it where it stands; connections stay open and nobody answers. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  /** Lets a paused one go on; resolves when it answers somebody new, after all who had knocked and left meanwhile. */
  async goOn(): Promise<void> {
    this.#signal("SIGCONT");
    await this.#answers();
  }

  /** A connection of the test's own, which does not mind being broken. */
  async connect(): Promise<Client> {
    const client = new Client({ connectionString: this.url });
    client.on("error", () => {});
    await client.connect();
    return client;
  }

  async end(): Promise<void> {
    this.#signal("SIGCONT");
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #answers(): Promise<void> {
    return until("Postgres answers", async () => {
      const client = await connect(this.port, this.password);
      if (typeof client === "string") return false;
      await ensureAppDatabase(client);
      await client.end();
      return true;
    });
  }

  #signal(signal: NodeJS.Signals): void {
    // The first process first, and then its children anew: it must not make another one unseen.
    for (const pids of [() => this.#processes().slice(0, 1), () => this.#processes()]) {
      for (const pid of pids()) {
        try {
          process.kill(pid, signal);
        } catch {
          // It has ended by itself meanwhile.
        }
      }
    }
  }

  #processes(): number[] {
    let text = "";
    try {
      text = readFileSync(this.site.data.pidFile, "utf8");
    } catch {
      return [];
    }
    const postmaster = Number.parseInt(text, 10);
    const numbers = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const isChild = (name: string) => {
      try {
        return (
          readFileSync(`/proc/${name}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(postmaster)
        );
      } catch {
        return false;
      }
    };
    return [postmaster, ...numbers.filter(isChild).map(Number)];
  }
}
