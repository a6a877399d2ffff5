import { openTestDesk, type TestDesk } from "../support/desk";
import { PASSWORD, setUp } from "../support/people";
import { Visitor } from "../support/visitor";

const AT_ONCE = 60;

let desk: TestDesk;
beforeAll(async () => {
  desk = await openTestDesk({ trustProxy: true });
  await setUp(desk);
});
afterAll(() => desk.close());

/** How many sign-ins had come to their password and were not answered yet, each time one came to it. */
async function underWayAt(send: (answered: () => void) => Promise<unknown>): Promise<number[]> {
  const { passwords } = desk.desk;
  const { mustHaveRoom } = passwords;
  const seen: number[] = [];
  let answered = 0;
  passwords.mustHaveRoom = () => {
    seen.push(seen.length + 1 - answered);
    mustHaveRoom();
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
});
