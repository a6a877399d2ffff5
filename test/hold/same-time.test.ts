import { performance } from "node:perf_hooks";
import { makeApiKey } from "../../src/base/api-key-format";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, setUp } from "../support/people";

const TRIES = 200;
const APART = 0.05;

let desk: TestDesk;
beforeAll(async () => {
  // Dearer than in other tests, so that leaving the hash out would show; cheaper than in production, so that little else
  // could hide behind it.
  desk = await openTestDesk({ trustProxy: true, passwordCost: 8 });
  await setUp(desk);
  const gone = await addPerson(desk, "gone@example.com");
  await desk.db.query("update people set deactivated_at = now() where email = $1", [gone.email]);
}, 60_000);
afterAll(() => desk.close());

type Seen = { milliseconds: number; status: number; headers: string; body: string };

async function ask(path: string, init: RequestInit): Promise<Seen> {
  const began = performance.now();
  const response = await fetch(desk.origin + path, { ...init, redirect: "manual" });
  const body = await response.text();
  const milliseconds = performance.now() - began;
  const headers = [...response.headers].filter(([name]) => name !== "date").map(([name]) => name);
  return { milliseconds, status: response.status, headers: headers.join(), body };
}

/** Asks for each kind in turn, `times` times; returns the medians as multiples of the first kind's. */
async function inTurn(kinds: Record<string, () => Promise<Seen>>, times: number) {
  const seen = Object.entries(kinds).map(([kind, each]) => ({ kind, each, all: [] as Seen[] }));
  for (let i = -5; i < times; i++) {
    // Turned about, so that none always comes after the same other one.
    const order = i % 2 === 0 ? seen : [...seen].reverse();
    for (const { each, all } of order) {
      const one = await each();
      if (i >= 0) all.push(one);
    }
    if (i % 5 === 0) await desk.db.query("delete from throttles");
  }
  const first = median(seen[0]?.all ?? []);
  const ratios = Object.fromEntries(seen.map(({ kind, all }) => [kind, median(all) / first]));
  const shapes = seen.map(({ all }) => [
    ...new Set(all.map((one) => `${one.status} ${one.headers} ${one.body}`)),
  ]);
  return { ratios, shapes };
}

function median(all: Seen[]): number {
  const sorted = all.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function expectAlike({ ratios, shapes }: Awaited<ReturnType<typeof inTurn>>): void {
  for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  console.info(
    Object.entries(ratios)
      .map(([kind, ratio]) => `${kind} ${ratio.toFixed(3)}`)
      .join(", "),
  );
  for (const ratio of Object.values(ratios)) expect(Math.abs(ratio - 1)).toBeLessThanOrEqual(APART);
}

describe(`${TRIES} tries in turn take the same time and get the same answer`, () => {
  // As long as one another, so that the page that repeats them is as well.
  const EMAILS = { known: "ada@example.com", unknown: "eve@example.com", deactivated: "gone@example.com" };

  it.each([
    ["short", "x"],
    ["long", "long enough ".repeat(8)],
    ["over-long", "x".repeat(20_000)],
  ])(
    "at sign-in for a known, an unknown and a deactivated account, with a %s password",
    async (_, password) => {
      const kinds = Object.entries(EMAILS).map(([kind, email]) => [
        kind,
        async () => {
          const seen = await ask("/sign-in", {
            method: "POST",
            body: new URLSearchParams({ email, password }),
          });
          return { ...seen, body: seen.body.replaceAll(email, "EMAIL") };
        },
      ]);
      expectAlike(await inTurn(Object.fromEntries(kinds), TRIES));
    },
  );

  it("when a key is checked that is unknown or another's; the answer to a dead one, and to no key at all, is the same", async () => {
    const keys = Object.fromEntries(
      await Promise.all(
        Object.entries(EMAILS).map(async ([kind, email]) => {
          const made = makeApiKey();
          if (kind !== "unknown") {
            const insert =
              "insert into api_keys (id, hash, person_id) select $1, $2, id from people where email = $3";
            await desk.db.query(insert, [made.id, made.hash, email]);
          }
          return [kind, made.key];
        }),
      ),
    );
    const check = (email: string, key: string) => () =>
      ask("/v1/authentication/verify", {
        headers: { authorization: `Basic ${Buffer.from(`${email}:${key}`).toString("base64")}` },
      });
    const { ratios, shapes } = await inTurn(
      {
        unknown: check(EMAILS.unknown, keys.unknown ?? ""),
        another: check(EMAILS.unknown, keys.known ?? ""),
        // Whoever has these knows them for what they are: only the answer has to be the same.
        dead: check(EMAILS.deactivated, keys.deactivated ?? ""),
        "no key": check(EMAILS.known, "a password"),
      },
      TRIES * 2,
    );
    console.info(JSON.stringify(ratios));
    for (const shape of shapes) expect(shape).toEqual(shapes[0]);
    // Below a millisecond little is measured but the machine: five of a hundred would be noise.
    expect(Math.abs((ratios.another ?? 0) - 1)).toBeLessThanOrEqual(0.2);
  });

  it("when a link for a new password is asked for, for a known, an unknown and a deactivated account", async () => {
    const kinds = Object.entries(EMAILS).map(([kind, email]) => [
      kind,
      async () => {
        const body = new URLSearchParams({ email });
        const seen = await ask("/forgot-password", { method: "POST", body });
        return { ...seen, body: seen.body.replaceAll(email, "EMAIL") };
      },
    ]);
    expectAlike(await inTurn(Object.fromEntries(kinds), 40));
  });
});
