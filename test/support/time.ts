import { hashSid } from "../../src/web/session-store";
import type { TestDesk } from "./desk";
import type { Visitor } from "./visitor";

/** Moves a visitor's last activity into the past: the session ages, the clock stays. */
export async function ageSession(desk: TestDesk, visitor: Visitor, seconds: number): Promise<void> {
  const { rowCount } = await desk.db.query(
    "update sessions set last_active_at = clock_timestamp() - make_interval(secs => $2) where sid = $1",
    [storedSid(visitor), seconds],
  );
  if (rowCount !== 1) throw new Error("The visitor has no session");
}

/** Moves the beginning of a visitor's session into the past. */
export async function startedAgo(desk: TestDesk, visitor: Visitor, seconds: number): Promise<void> {
  const { rowCount } = await desk.db.query(
    "update sessions set started_at = clock_timestamp() - make_interval(secs => $2) where sid = $1",
    [storedSid(visitor), seconds],
  );
  if (rowCount !== 1) throw new Error("The visitor has no session");
}

/** Lets time pass for everything that is throttled. */
export async function passThrottles(desk: TestDesk, seconds: number): Promise<void> {
  await desk.db.query("update throttles set counted_at = counted_at - make_interval(secs => $1)", [seconds]);
}

/** Seconds since the visitor's session was last active. */
export async function idleFor(desk: TestDesk, visitor: Visitor): Promise<number> {
  const { rows } = await desk.db.query<{ idle: number }>(
    "select extract(epoch from clock_timestamp() - last_active_at)::float as idle from sessions where sid = $1",
    [storedSid(visitor)],
  );
  const [row] = rows;
  if (!row) throw new Error("The visitor has no session");
  return row.idle;
}

/** The name under which the visitor's session is stored. */
export function storedSid(visitor: Visitor): string {
  return hashSid(cookieSid(visitor));
}

/** The session id inside the visitor's cookie ("s:<id>.<signature>"). */
export function cookieSid(visitor: Visitor): string {
  const cookie = [...visitor.cookies].find(([name]) => name.includes("latchkey"));
  const value = decodeURIComponent(cookie?.[1] ?? "");
  return value.replace(/^s:/, "").split(".")[0] ?? "";
}

/** Lets everything be tried without end: what is throttled never fills up, and wrong codes are not counted. */
export async function liftThrottles(desk: Pick<TestDesk, "db">): Promise<void> {
  await desk.db.query(`
    create function lift_throttles() returns trigger language plpgsql as $$
      begin new.level := 0; return new; end $$;
    create trigger lift_throttles before insert or update on throttles
      for each row execute function lift_throttles();
    create function forget_wrong_codes() returns trigger language plpgsql as $$
      begin new.wrong_codes := 0; return new; end $$;
    create trigger forget_wrong_codes before update of wrong_codes on second_factors
      for each row execute function forget_wrong_codes();`);
}
