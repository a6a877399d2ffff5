import { Refusal } from "../../src/base/refusal";
import { openTestDesk, type TestDesk } from "../support/desk";
import { type Known, PASSWORD, setUp } from "../support/people";
import { Visitor } from "../support/visitor";

const AT_ONCE = 60;

let desk: TestDesk;
let ada: Known;
beforeAll(async () => {
  desk = await openTestDesk({ trustProxy: true });
  ada = await setUp(desk);
});
afterAll(() => desk.close());

/** How many sign-ins had come to their password and were not answered yet, each time one came to it. */
async function underWayAt(send: (answered: () => void) => Promise<unknown>): Promise<number[]> {
  const { passwords } = desk.desk;
  const { mustHaveRoom } = passwords;
  const seen: number[] = [];
  let answered = 0;
  passwords.mustHaveRoom = (known) => {
    // Asked for anybody before the address is looked up, and once more for strangers.
    if (known) seen.push(seen.length + 1 - answered);
    mustHaveRoom(known);
  };
  try {
    await send(() => {
      answered += 1;
    });
  } finally {
    passwords.mustHaveRoom = mustHaveRoom;
  }
  return seen;
}

describe("many sign-ins at once", () => {
  it("are begun few at a time, so that what others ask goes between them, and all are answered", async () => {
    const statuses: number[] = [];
    const underWay = await underWayAt((answered) =>
      Promise.all(
        Array.from({ length: AT_ONCE }, async (_, i) => {
          const visitor = new Visitor(desk.origin);
          visitor.address = `10.1.0.${i + 1}`;
          // Express takes them all for the same.
          const address = ["/sign-in", "/sign-in/", "/Sign-In?x"][i % 3] as string;
          await visitor.post(address, { email: `nobody${i}@example.com`, password: PASSWORD });
          answered();
          statuses.push(visitor.status);
        }),
      ),
    );
    expect(statuses).toEqual(Array(AT_ONCE).fill(422));
    expect(underWay).toHaveLength(AT_ONCE);
    // Two, the one whose answer is on its way, and where the machine is slow those that have taken their time.
    expect(Math.max(...underWay)).toBeLessThan(9);
  });

  it("leave a place in the line for whoever has signed in from their address before, before and when they are counted", async () => {
    const { passwords } = desk.desk;
    const mustHaveRoom = jest.spyOn(passwords, "mustHaveRoom");
    const matches = jest.spyOn(passwords, "matches");
    const visitor = new Visitor(desk.origin);
    const signIn = async (address: string) => {
      visitor.address = address;
      await visitor.post("/sign-in", { email: ada.email, password: "not this one" });
      const [rooms, waits] = [mustHaveRoom.mock.calls, matches.mock.calls.map(([, , known]) => known)];
      jest.clearAllMocks();
      return [...rooms.flat(), ...waits];
    };
    expect(await signIn("10.2.0.1")).toEqual([true, false, false]);
    expect(await signIn("127.0.0.1")).toEqual([true, true, true]);
    jest.restoreAllMocks();
  });

  it("cost a stranger no try where the line has room only for those who are known", async () => {
    const { passwords } = desk.desk;
    jest.spyOn(passwords, "mustHaveRoom").mockImplementation((known) => {
      if (!known) throw new Refusal(503, "Too many passwords are being checked.", 5);
    });
    await desk.db.query("delete from throttles");
    const visitor = new Visitor(desk.origin);
    visitor.address = "10.2.0.2";
    await visitor.post("/sign-in", { email: ada.email, password: PASSWORD });
    expect(visitor.status).toBe(503);
    expect((await desk.db.query("select from throttles")).rowCount).toBe(0);
    visitor.address = "127.0.0.1";
    await visitor.post("/sign-in", { email: ada.email, password: PASSWORD });
    expect(visitor.path).toBe("/sign-in/two-factor");
    jest.restoreAllMocks();
  });
});
