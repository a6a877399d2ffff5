import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, givePassword, type Known, setUp } from "../support/people";
import { Visitor } from "../support/visitor";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const REFUSED = "A request was refused";

let desk: TestDesk;
let ada: Known;
let grace: Known;
let gracesId: string;
beforeAll(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
  grace = await addPerson(desk, "grace@example.com");
  gracesId = (await desk.db.query("select id from people where email = $1", [grace.email])).rows[0].id;
});
afterAll(() => desk.close());

/** The lines logged by what this does, without those of requests that were answered well. */
async function loggedBy(request: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const before = desk.log.length;
  await request();
  const lines = desk.log.slice(before).map((line) => JSON.parse(line));
  return lines.filter(({ msg, res }) => msg === REFUSED || res?.status >= 400);
}

/** Sends a form of Grace's profile page with these headers and this change to its fields. */
async function send(headers: Record<string, string>, change: Record<string, string>): Promise<void> {
  const page = await grace.visitor.tab().open("/profile");
  const { fields } = page.fieldsOf("Save Changes");
  const body = new URLSearchParams({ ...fields, ...change }).toString();
  await page.raw("/profile", { method: "POST", body, headers: { ...FORM, ...headers } });
}

describe("the log tells, by the request's id, whose request was refused", () => {
  it("for want of a role, and nothing else of them", async () => {
    const lines = await loggedBy(() => grace.visitor.open("/admin/people?q=ada"));
    const [told, request] = lines as [{ id: string }, { req: { id: string } }];
    expect(told).toEqual({
      level: 30,
      time: expect.any(Number),
      id: request.req.id,
      person: gracesId,
      address: "127.0.0.1",
      why: "Only administrators can open this page.",
      msg: REFUSED,
    });
    expect(request).toMatchObject({ req: { path: "/admin/people" }, res: { status: 403 } });
    expect(lines).toHaveLength(2);
  });

  it("with a form from another site, without its token, or with a field sent twice", async () => {
    const foreign = await loggedBy(() => send({ "sec-fetch-site": "cross-site" }, {}));
    const forged = await loggedBy(() => send({}, { _csrf: "a-made-up-token" }));
    const twice = await loggedBy(async () => {
      const page = await grace.visitor.tab().open("/profile");
      const { fields } = page.fieldsOf("Save Changes");
      const body = `${new URLSearchParams(fields)}&firstName=Twice`;
      await page.raw("/profile", { method: "POST", body, headers: FORM });
    });
    const why = [foreign, forged, twice].map(([told]) => [told?.msg, told?.person, told?.why]);
    expect(why).toEqual([
      [REFUSED, gracesId, expect.stringContaining("sent from another site")],
      [REFUSED, gracesId, expect.stringContaining("out of date")],
      [REFUSED, gracesId, expect.stringContaining("sent a field twice")],
    ]);
    expect(JSON.stringify([foreign, forged, twice])).not.toMatch(/made-up|Twice|@/);
  });

  it("half way through signing in, too", async () => {
    const half = await givePassword(grace, new Visitor(desk.origin));
    const [told] = await loggedBy(() =>
      half.post("/sign-in/two-factor", { _csrf: "made-up", code: "000000" }),
    );
    expect(told).toMatchObject({ msg: REFUSED, person: gracesId });
  });

  it("and of a stranger only the address", async () => {
    const stranger = new Visitor(desk.origin);
    const [told] = await loggedBy(() =>
      stranger.post("/sign-in", { email: ada.email, password: "x" }, { "sec-fetch-site": "cross-site" }),
    );
    expect(told).toMatchObject({ msg: REFUSED, address: "127.0.0.1" });
    expect(Object.keys(told ?? {})).not.toContain("person");
  });

  it("but has no such line for mistakes in a form, or an address that does not exist", async () => {
    const mistake = await loggedBy(() => send({}, { lastName: "" }));
    const nowhere = await loggedBy(() => grace.visitor.tab().open("/no-such-page"));
    expect([...mistake, ...nowhere].map(({ res, msg }) => [(res as { status: number }).status, msg])).toEqual(
      [
        [422, "request"],
        [404, "request"],
      ],
    );
  });
});
