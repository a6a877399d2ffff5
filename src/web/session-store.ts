import { hash } from "node:crypto";
import connectPgSimple from "connect-pg-simple";
import type { Request } from "express";
import session, { type Session, type SessionData } from "express-session";
import type { Pool } from "pg";
import { isDatabaseAway } from "../base/database-away";
import { batched } from "../platform/batch";
import {
  findSessions,
  type SessionRow,
  TOUCH_AHEAD_SECONDS,
  touchSessions,
} from "../records/sessions/lookups";
import { saveSession } from "../records/sessions/sessions";

declare module "express-session" {
  interface SessionData {
    /** What the database says of it at this request: never written back. Where it has just begun, only what it began as. */
    row: Pick<SessionRow, "id" | "personId" | "stage" | "alive"> & Partial<SessionRow>;
    csrfSecret: string;
    /** When the password was last given, in milliseconds since 1970. */
    passwordGivenAt: number;
    /** Where to go once signed in. */
    returnTo: string;
    /** What the next page says first. */
    notice: string;
    /** The stored name of the session whose place this one took. */
    before: string;
  }
}

/** The stored name of a session: SHA-256 of the cookie's value, in hex. */
export function hashSid(sid: string): string {
  return hash("sha256", sid, "hex");
}

/** Gives a session its row, out of sight of whatever copies, compares or writes what the session remembers. */
export function withRow<T extends object>(session: T, row: SessionData["row"]): T & { row: typeof row } {
  return Object.defineProperty(session, "row", { value: row }) as T & { row: typeof row };
}

const lookedAt = new WeakSet<object>();

/** Makes the request of this session no activity, unless it changes what the session remembers. */
export function onlyLookedAt(session: object): void {
  lookedAt.add(session);
}

const LOOKUPS = { most: 500, inFlight: 1, away: isDatabaseAway };
const TOUCHES = { most: 500, inFlight: 1, away: isDatabaseAway };

const LONGEST_TOUCH_MS = 1_000;

const PgSession = connectPgSimple(session);
type Done = (error?: unknown) => void;

function once(done: Done): Done {
  let called = false;
  return (error) => {
    if (!called) done(error);
    called = true;
  };
}

/**
 * connect-pg-simple on our own table, with three changes: the id is stored as a hash, the end follows the person's
 * row, and saving or touching never re-creates a session that has ended (its own `set` inserts).
 */
export class SessionStore extends PgSession {
  readonly #find: (sid: string) => Promise<SessionRow | undefined>;
  readonly #touch: (sid: string) => Promise<void>;

  /** Sessions are looked up and touched through `lookups`, many at once; all else goes through `pool`. */
  constructor(
    readonly pool: Pool,
    lookups: Pool,
  ) {
    super({ pool, tableName: "sessions", pruneSessionInterval: false });
    this.#find = batched((sids: string[]) => findSessions(lookups, sids), LOOKUPS);
    this.#touch = batched(async (sids: string[]) => {
      await touchSessions(lookups, sids);
      return sids.map(() => undefined);
    }, TOUCHES);
  }

  /** Reads a session; one that has ended comes back with a row that is not `alive`, so that its page can say why. */
  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.#find(hashSid(sid)).then(
      (row) => {
        if (!row) return done(null, null);
        done(null, withRow({ ...row.sess, cookie: { originalMaxAge: null } }, row) as SessionData);
      },
      // express-session takes ENOENT, a database's socket that is not there, for a session that is not there.
      (error) => done(new Error("A session could not be read", { cause: error })),
    );
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    return withRow(super.createSession(req, data), data.row);
  }

  override set(sid: string, data: SessionData, done: Done = () => {}): void {
    const { cookie, ...remembered } = data;
    saveSession(this.pool, hashSid(sid), remembered).then(() => done(), done);
  }

  override touch(sid: string, data: SessionData, done: Done = () => {}): void {
    const { idleTimeout = 0, idleLeft = 0 } = data.row ?? {};
    if (lookedAt.has(data) || idleTimeout - idleLeft < TOUCH_AHEAD_SECONDS) done();
    else this.#touchSoon(sid, once(done));
  }

  // express-session ends the answer only after this, and a database that hangs must not hold up what is drawn already.
  #touchSoon(sid: string, done: Done): void {
    const timer = setTimeout(done, LONGEST_TOUCH_MS);
    this.#touch(hashSid(sid))
      .then(() => done(), done)
      .finally(() => clearTimeout(timer));
  }

  override destroy(sid: string, done: Done = () => {}): void {
    super.destroy(hashSid(sid), done);
  }
}
