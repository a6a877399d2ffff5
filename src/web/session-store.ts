import { hash } from "node:crypto";
import connectPgSimple from "connect-pg-simple";
import type { Request } from "express";
import session, { type Session, type SessionData } from "express-session";
import type { Pool } from "pg";
import { saveSession } from "../records/sessions/sessions";
import { type FoundSession, isTouchDue, type LiveSessions } from "./live-sessions";

declare module "express-session" {
  interface SessionData {
    /** What the database says of it at this request: never written back. Where it has just begun, only what it began as. */
    row: Pick<FoundSession, "id" | "personId" | "stage" | "alive"> & Partial<FoundSession>;
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

const saved = new WeakSet<object>();

/** True where a session remembers what it did when it was read, and was not saved since; what is no single value counts as changed. */
export function isUnchanged(session: Partial<SessionData>): boolean {
  if (saved.has(session)) return false;
  const before = session.row?.sess ?? {};
  let missing = Object.keys(before).length;
  for (const name in session) {
    if (name === "cookie") continue;
    const value = session[name as keyof SessionData];
    if (value !== before[name] || value === undefined || typeof value === "object") return false;
    missing -= 1;
  }
  return missing === 0;
}

const lookedAt = new WeakSet<object>();

/** Makes the request of this session no activity, unless it changes what the session remembers. */
export function onlyLookedAt(session: object): void {
  lookedAt.add(session);
}

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
  /** Sessions are looked up and touched as `live`; all else goes through `pool`. */
  constructor(
    readonly pool: Pool,
    readonly live: LiveSessions,
  ) {
    super({ pool, tableName: "sessions", pruneSessionInterval: false });
  }

  /** Reads a session; one that has ended comes back with a row that is not `alive`, so that its page can say why. */
  override get(sid: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.live.find(hashSid(sid)).then(
      (row) => {
        if (!row) return done(null, null);
        done(null, withRow({ cookie: { originalMaxAge: null }, ...row.sess }, row) as SessionData);
      },
      // express-session takes ENOENT, a database's socket that is not there, for a session that is not there.
      (error) => done(new Error("A session could not be read", { cause: error })),
    );
  }

  override createSession(req: Request, data: SessionData): Session & SessionData {
    return withRow(super.createSession(req, data), data.row);
  }

  override set(sid: string, data: SessionData, done: Done = () => {}): void {
    saved.add(data);
    const { cookie, ...remembered } = data;
    saveSession(this.pool, hashSid(sid), remembered).then(() => done(), done);
  }

  override touch(sid: string, data: SessionData, done: Done = () => {}): void {
    if (lookedAt.has(data) || !isTouchDue(data.row ?? {})) done();
    else this.#touchSoon(sid, once(done));
  }

  // express-session ends the answer only after this, and a database that hangs must not hold up what is drawn already.
  #touchSoon(sid: string, done: Done): void {
    const timer = setTimeout(done, LONGEST_TOUCH_MS);
    this.live
      .touch(hashSid(sid))
      .then(() => done(), done)
      .finally(() => clearTimeout(timer));
  }

  override destroy(sid: string, done: Done = () => {}): void {
    super.destroy(hashSid(sid), done);
  }
}
