import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, givePassword, type Known, PASSWORD, setUp, setUpPath, signIn } from "../support/people";
import { openProxy, type PlainProxy } from "../support/proxy";
import { Visitor } from "../support/visitor";

const HTTPS = "https://desk.example";
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function open(options: Parameters<typeof openTestDesk>[0]): Promise<TestDesk> {
  const desk = await openTestDesk(options);
  opened.push(desk);
  return desk;
}

/** A desk behind a proxy that takes TLS off and says so, or says something else. */
async function behindProxy(
  options: Parameters<typeof openTestDesk>[0],
  said: Record<string, string> = { "x-forwarded-proto": "https" },
): Promise<{ desk: TestDesk; proxy: PlainProxy }> {
  const desk = await open(options);
  const proxy = await openProxy(desk.origin, said);
  opened.push(proxy);
  return { desk, proxy };
}

const warnings = (desk: TestDesk) => desk.log.filter((line) => /TRUST_PROXY|BASE_URL/.test(line));
const sessions = async (desk: TestDesk) =>
  (await desk.db.query("select count(*)::int as n from sessions")).rows[0].n;

/** Somebody with an account who has not signed in yet, straight into the database. */
async function someone(desk: TestDesk): Promise<Known> {
  await desk.db.query(
    "insert into people (email, first_name, last_name, roles, password_hash) values ('ada@example.com', 'Ada', 'Lovelace', '{administrator}', $1)",
    [await desk.desk.passwords.hash(PASSWORD)],
  );
  await desk.db.query("update installation set set_up_at = now()");
  const visitor = new Visitor(desk.origin);
  return { email: "ada@example.com", password: PASSWORD, secret: "", recoveryCodes: [], visitor };
}

describe("behind a proxy that takes TLS off", () => {
  it("with BASE_URL https and TRUST_PROXY signs in, with a cookie for this host over HTTPS only", async () => {
    const { desk, proxy } = await behindProxy({ baseUrl: HTTPS, trustProxy: 1 });
    const ada = await setUp(desk, new Visitor(proxy.origin));
    expect(ada.visitor.path).toBe("/profile");
    const page = await new Visitor(proxy.origin).open("/sign-in");
    expect(page.text).not.toContain("does not work");
    const { fields } = page.fill("Email", ada.email).fill("Password", PASSWORD).fieldsOf("Sign in");
    const body = new URLSearchParams(fields).toString();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await page.raw("/sign-in", { method: "POST", body, headers });
    const [cookie = ""] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-latchkey=/);
    expect(cookie.split("; ").slice(1).sort()).toEqual([
      expect.stringMatching(/^Expires=/),
      "HttpOnly",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    expect(warnings(desk)).toEqual([]);
  });

  it("with BASE_URL https but without TRUST_PROXY says what is wrong on the sign-in page, and once in the log", async () => {
    const { desk, proxy } = await behindProxy({ baseUrl: HTTPS });
    const ada = await someone(desk);
    for (let round = 0; round < 3; round++) {
      const page = await new Visitor(proxy.origin).open("/sign-in");
      expect(page.text).toContain("Signing in does not work yet");
      expect(page.text).toContain("set TRUST_PROXY to the number of proxies in front of it");
      await page.fill("Email", ada.email).fill("Password", PASSWORD).press("Sign in");
      expect(page.status).toBe(503);
      expect(page.text).toContain("set TRUST_PROXY to the number of proxies in front of it");
    }
    expect(await sessions(desk)).toBe(0);
    expect(warnings(desk)).toHaveLength(1);
    expect(warnings(desk)[0]).toContain("Set TRUST_PROXY");
  });

  it("without TRUST_PROXY makes no administrator who could not go on", async () => {
    const { desk, proxy } = await behindProxy({ baseUrl: HTTPS });
    const visitor = await new Visitor(proxy.origin).open(setUpPath(desk));
    visitor.fill("First Name", "Ada").fill("Last Name", "Lovelace").fill("Email", "ada@example.com");
    await visitor.fill("Password", PASSWORD).press("Create administrator");
    expect(visitor.status).toBe(503);
    expect(visitor.text).toContain("TRUST_PROXY");
    expect((await desk.db.query("select from people")).rowCount).toBe(0);
  });

  it.each([false, 1])(
    "with BASE_URL http and TRUST_PROXY %s signs in, and the log says once that the cookie could be safer",
    async (trustProxy) => {
      const { desk, proxy } = await behindProxy({ trustProxy });
      const ada = await someone(desk);
      for (let round = 0; round < 2; round++) {
        const visitor = await givePassword(ada, new Visitor(proxy.origin));
        expect(visitor.path).toBe("/two-factor/enrol");
        expect(visitor.text).not.toContain("does not work");
      }
      expect(warnings(desk)).toHaveLength(1);
      expect(warnings(desk)[0]).toContain("Set BASE_URL to the https address");
    },
  );
});

describe("where a page is asked for over http but BASE_URL is https", () => {
  it.each([
    ["straight", undefined],
    ["by way of a trusted proxy that says http", { "x-forwarded-proto": "http" }],
    ["by way of a proxy that says nothing", {}],
  ])("%s, the sign-in page and the answer to the form say where to go", async (_how, said) => {
    const { desk, proxy } = await behindProxy({ baseUrl: HTTPS, trustProxy: 1 }, said ?? {});
    const ada = await someone(desk);
    const page = await new Visitor(said ? proxy.origin : desk.origin).open("/sign-in");
    expect(page.text).toContain("signing in works only over https: open https://desk.example instead");
    await page.fill("Email", ada.email).fill("Password", PASSWORD).press("Sign in");
    expect(page.status).toBe(403);
    expect(page.text).toContain("open https://desk.example instead");
    expect(page.text).toContain("X-Forwarded-Proto");
    expect(await sessions(desk)).toBe(0);
    expect(warnings(desk)).toHaveLength(1);
  });

  it("programs and health checks are answered as ever, and nothing is logged for them", async () => {
    const desk = await open({ baseUrl: HTTPS });
    expect((await fetch(`${desk.origin}/healthz`)).status).toBe(200);
    expect((await fetch(`${desk.origin}/v1/authentication/verify`)).status).toBe(401);
    expect((await fetch(`${desk.origin}/v1/me`)).status).toBe(401);
    expect(warnings(desk)).toEqual([]);
  });
});

describe("where a page is asked for over http and BASE_URL is http", () => {
  it("nothing is wrong, and nothing is logged", async () => {
    const desk = await open({});
    const ada = await someone(desk);
    expect((await givePassword(ada, new Visitor(desk.origin))).path).toBe("/two-factor/enrol");
    expect(warnings(desk)).toEqual([]);
  });
});

describe("a browser with cookies switched off", () => {
  const NEEDS_COOKIE = "Signing in needs a cookie, and your browser sent none. Allow cookies for 127.0.0.1";
  const withoutCookies = (desk: TestDesk) => Object.assign(new Visitor(desk.origin), { keepsCookies: false });

  it("is told so after the right password, instead of being asked for it again and again", async () => {
    const desk = await open({});
    const ada = await setUp(desk);
    const due = await givePassword(ada, withoutCookies(desk));
    expect(due.path).toMatch(/^\/sign-in\?/);
    expect(due.text).toContain(NEEDS_COOKIE);
    await desk.db.query("delete from second_factors");
    expect((await givePassword(ada, withoutCookies(desk))).text).toContain(NEEDS_COOKIE);
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    await desk.db.query("update people set two_factor_put_off_at = now()");
    expect((await givePassword(ada, withoutCookies(desk))).text).toContain(NEEDS_COOKIE);
  });

  it("is told apart from strangers, from ended sessions and from who has just signed in", async () => {
    const desk = await open({});
    const ada = await setUp(desk);
    const grace = await addPerson(desk, "grace@example.com");
    const phone = await signIn(desk, ada);
    expect((await new Visitor(desk.origin).open("/profile")).text).not.toContain(NEEDS_COOKIE);
    await ada.visitor.open("/profile/sessions");
    await ada.visitor.press("Sign out everywhere else");
    for (const path of ["/profile", "/sign-in/two-factor", "/sign-in?notice=no-cookie"])
      expect((await phone.open(path)).text).not.toContain(NEEDS_COOKIE);
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    await desk.db.query("delete from second_factors");
    await desk.db.query("update people set two_factor_put_off_at = now()");
    const visitor = await new Visitor(desk.origin).open("/sign-in?return=/profile/sessions");
    await visitor.fill("Email", grace.email).fill("Password", PASSWORD).press("Sign in");
    expect(visitor.path).toBe("/profile/sessions");
    expect(visitor.text).not.toContain(NEEDS_COOKIE);
  });
});
