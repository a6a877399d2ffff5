import { openTestDesk, type TestDesk } from "../support/desk";
import { setUp } from "../support/people";
import { openProxy } from "../support/proxy";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
afterEach(() => desk.close());

/** The address the trail has of somebody who set the installation up by way of a proxy that names another one. */
async function addressOf(trustProxy: boolean | number, forwarded: string): Promise<unknown> {
  desk = await openTestDesk({ trustProxy });
  const proxy = await openProxy(desk.origin, { "x-forwarded-for": forwarded });
  await setUp(desk, new Visitor(proxy.origin));
  await proxy.close();
  const { rows } = await desk.db.query("select distinct address from trail where address is not null");
  return rows.map(({ address }) => address);
}

describe("the address somebody comes from", () => {
  it("is that of the connection, whatever a header says, where no proxy is trusted", async () => {
    expect(await addressOf(false, "203.0.113.7")).toEqual(["127.0.0.1"]);
  });

  it("is what the trusted proxy says, and not what was claimed before it", async () => {
    expect(await addressOf(1, "198.51.100.99, 203.0.113.7")).toEqual(["203.0.113.7"]);
  });
});
