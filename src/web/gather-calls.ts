import type { Queryable } from "../platform/database";
import type { Logger } from "../platform/log";
import { addCalls, type GatheredCalls, OTHERS } from "../records/api-keys/callers";

const WRITE_EVERY_MS = 2_000;
const MOST_CALLERS = 10_000;

/** Gathers who calls with which key, and writes it every two seconds: a key check waits for no write. */
export class CallGatherer {
  #gathered = new Map<string, GatheredCalls>();
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly db: Queryable,
    readonly log: Logger,
  ) {}

  /** Notes one call. Past 10,000 different callers in two seconds further ones of a key are counted together. */
  note(call: {
    keyId: string;
    client: string | null;
    address: string | null;
    accepted: boolean;
    at: Date;
  }): void {
    let [client, address] = [call.client ?? "unknown client", call.address ?? "unknown address"];
    if (this.#gathered.size >= MOST_CALLERS && !this.#gathered.has(nameOf(call.keyId, client, address)))
      ({ client, address } = OTHERS);
    const name = nameOf(call.keyId, client, address);
    let entry = this.#gathered.get(name);
    if (!entry) {
      entry = {
        keyId: call.keyId,
        client,
        address,
        firstSeenAt: call.at,
        lastSeenAt: call.at,
        accepted: 0,
        refused: 0,
      };
      this.#gathered.set(name, entry);
    }
    entry.lastSeenAt = call.at;
    entry[call.accepted ? "accepted" : "refused"] += 1;
    this.#timer ??= setTimeout(() => this.flush(), WRITE_EVERY_MS).unref();
  }

  /** Whether all calls noted so far are in the database. */
  get areWritten(): boolean {
    return this.#gathered.size === 0 && this.#writing === undefined;
  }

  /** Writes all that was noted so far. Never throws: on a database error the calls are kept for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#gathered.size > 0) {
      const writing = Promise.all([this.#writing, this.#write()]).then(() => {
        if (this.#writing === writing) this.#writing = undefined;
      });
      this.#writing = writing;
    }
    await this.#writing;
  }

  async #write(): Promise<void> {
    const writing = this.#gathered;
    this.#gathered = new Map();
    try {
      await addCalls(this.db, [...writing.values()]);
    } catch (error) {
      const again = !isDataError(error);
      this.log.warn({ err: error, again }, "Who calls with which key could not be written");
      if (again) this.#keep(writing);
    }
  }

  #keep(unwritten: Map<string, GatheredCalls>): void {
    for (const [name, old] of unwritten) {
      const newer = this.#gathered.get(name);
      if (newer) {
        newer.firstSeenAt = old.firstSeenAt;
        newer.accepted += old.accepted;
        newer.refused += old.refused;
      } else if (this.#gathered.size < MOST_CALLERS) this.#gathered.set(name, old);
    }
    this.#timer ??= setTimeout(() => this.flush(), WRITE_EVERY_MS).unref();
  }
}

function nameOf(keyId: string, client: string, address: string): string {
  return `${keyId}\n${client}\n${address}`;
}

// SQLSTATE classes 22, 23 and 54: the same values would be refused again, and hold up everybody else's.
function isDataError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(22|23|54)/.test(String(error.code));
}
