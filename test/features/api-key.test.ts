import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, type Known, setUp } from "../support/people";
import { untilBlocked } from "../support/until";
import { Visitor } from "../support/visitor";

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk();
  ada = await setUp(desk);
});
afterEach(() => desk.close());

const shownKey = (visitor: Visitor) => visitor.value("API key");
const works = async (key: string, origin = desk.origin, client = "curl/8.0") => {
  const answer = await new Visitor(origin, client).raw("/v1/authentication/verify", {
    headers: { authorization: `Basic ${Buffer.from(`${ada.email}:${key}`).toString("base64")}` },
  });
  return answer.status === 200;
};
const generate = async () => shownKey(await (await ada.visitor.open("/profile")).press("Generate API Key"));

describe("who calls with a key", () => {
  it("is on the pages of all whose keys were in use, opened at the same moment", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const keys: [Known, string][] = [];
    for (const owner of [ada, grace]) {
      await owner.visitor.open("/profile");
      keys.push([owner, shownKey(await owner.visitor.press("Generate API Key"))]);
    }
    for (let round = 1; round <= 20; round++) {
      for (const [{ email }, key] of keys) {
        const authorization = `Basic ${Buffer.from(`${email}:${key}`).toString("base64")}`;
        await new Visitor(desk.origin, "curl/8.0").raw("/v1/authentication/verify", {
          headers: { authorization },
        });
      }
      const pages = await Promise.all([ada, grace, ada].map(({ visitor }) => visitor.tab().open("/profile")));
      expect(pages.map(({ $ }) => $("[data-column=Calls]").text())).toEqual(Array(3).fill(String(round)));
    }
  });

  it("is on its owner's page that is opened while it is being written", async () => {
    const key = await generate();
    expect(await works(key)).toBe(true);
    const blocker = await desk.db.connect();
    await blocker.query("begin; lock table api_key_callers in share mode");
    const writing = desk.desk.calls.flush();
    await untilBlocked(desk.db);
    const opened = ada.visitor.open("/profile");
    await new Promise((resolve) => setTimeout(resolve, 100));
    await blocker.query("commit");
    blocker.release();
    await writing;
    expect((await opened).$("[data-column=Calls]").text()).toBe("1");
  });

  it("is on its owner's page with the next click, also where the database was away when it was to be written", async () => {
    const key = await generate();
    expect(await works(key)).toBe(true);
    expect((await ada.visitor.open("/profile")).$("[data-column=Calls]").text()).toBe("1");
    expect(await works(key)).toBe(true);
    await desk.db.query("alter table api_key_callers rename to elsewhere");
    await desk.desk.calls.flush();
    await desk.db.query("alter table elsewhere rename to api_key_callers");
    expect((await ada.visitor.open("/profile")).$("[data-column=Calls]").text()).toBe("2");
  });
});

describe("generating a key", () => {
  it("shows it once, in the answer to the POST, never to be cached", async () => {
    const key = await generate();
    expect(key).toMatch(/^lk[0-9A-Za-z]{46}$/);
    expect([ada.visitor.path, ada.visitor.heading]).toEqual([
      "/profile/api-key/generate",
      "Your new API key",
    ]);
    expect(ada.visitor.headers.get("cache-control")).toBe("no-store");
    expect(ada.visitor.text).toContain(
      `curl -i -u '${ada.email}:${key}' ${desk.origin}/v1/authentication/verify`,
    );
    expect(await works(key)).toBe(true);
    await ada.visitor.press("Done");
    expect(ada.visitor.path).toBe("/profile");
    expect(ada.visitor.html).not.toContain(key);
    expect(ada.visitor.text).toContain(`lk${key.slice(2, 10)}`);
    const { rows } = await desk.db.query("select s.sess::text || t::text as row from sessions s, trail t");
    expect(rows.some(({ row }) => row.includes(key.slice(10)))).toBe(false);
  });

  it("sent again, by reload or double click, makes no second key and says that nothing changed", async () => {
    await ada.visitor.open("/profile");
    const { action, fields } = ada.visitor.fieldsOf("Generate API Key");
    const [one, two] = [ada.visitor.tab(), ada.visitor.tab()];
    await Promise.all([one.post(action, fields), two.post(action, fields)]);
    const [winner, loser] = one.status === 200 ? [one, two] : [two, one];
    expect(winner.status).toBe(200);
    expect(loser.status).toBe(409);
    expect(loser.heading).toBe("Nothing was changed");
    const key = shownKey(winner);
    await winner.post(action, fields);
    expect(winner.status).toBe(409);
    expect((await winner.open("/profile/api-key/generate")).path).toBe("/profile");
    expect(await works(key)).toBe(true);
    expect((await desk.db.query("select from api_keys")).rowCount).toBe(1);
  });

  it("with the password given long ago goes by confirming it, and ends at the button again", async () => {
    desk.moveClock(601);
    await ada.visitor.open("/profile");
    await ada.visitor.press("Generate API Key");
    expect(ada.visitor.path).toMatch(/^\/confirm-password/);
    expect((await desk.db.query("select from api_keys")).rowCount).toBe(0);
    await ada.visitor.fill("Password", ada.password).press("Confirm");
    expect(ada.visitor.path).toBe("/profile/api-key/generate");
    await ada.visitor.press("Generate API Key");
    expect(await works(shownKey(ada.visitor))).toBe(true);
  });
});

describe("regenerating a key", () => {
  it("first warns, can be cancelled, then stops the old key at once on every replica", async () => {
    const other = await desk.replica();
    const old = await generate();
    await ada.visitor.open("/profile");
    await ada.visitor.press("Regenerate API Key");
    expect(ada.visitor.path).toBe("/profile/api-key/regenerate");
    expect(ada.visitor.text).toContain(`The key lk${old.slice(2, 10)} stops working at once`);
    await ada.visitor.press("Cancel");
    expect(ada.visitor.path).toBe("/profile");
    expect(await works(old)).toBe(true);

    await ada.visitor.press("Regenerate API Key");
    await ada.visitor.press("Regenerate API Key");
    const fresh = shownKey(ada.visitor);
    expect(fresh).not.toBe(old);
    for (const origin of [desk.origin, other.origin]) {
      expect(await works(old, origin)).toBe(false);
      expect(await works(fresh, origin)).toBe(true);
    }
  });

  it("by a stale form changes nothing and says so", async () => {
    await generate();
    await ada.visitor.open("/profile/api-key/regenerate");
    const stale = ada.visitor.fieldsOf("Regenerate API Key");
    await ada.visitor.press("Regenerate API Key");
    const key = shownKey(ada.visitor);
    for (const replaces of [stale.fields.replaces ?? "", "none", "", "' or 1=1 --", "x".repeat(999)]) {
      await ada.visitor.open("/profile/api-key/regenerate");
      await ada.visitor.post(stale.action, { ...stale.fields, _csrf: ada.visitor.hidden("_csrf"), replaces });
      expect(ada.visitor.status).toBe(409);
      expect(ada.visitor.text).toMatch(/it keeps working/i);
    }
    expect(await works(key)).toBe(true);
  });

  it("twenty times at once makes exactly one key that works, and its holder saw it, 30 rounds, on two replicas", async () => {
    const other = await desk.replica();
    let current = await generate();
    for (let round = 0; round < 30; round++) {
      await ada.visitor.open("/profile/api-key/regenerate");
      const { action, fields } = ada.visitor.fieldsOf("Regenerate API Key");
      const tabs = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const tab = ada.visitor.tab();
          tab.origin = i % 2 ? other.origin : desk.origin;
          return tab.post(action, fields);
        }),
      );
      const winners = tabs.filter((tab) => tab.status === 200);
      expect(winners).toHaveLength(1);
      expect(tabs.filter((tab) => tab.status === 409)).toHaveLength(19);
      expect(await works(current)).toBe(false);
      current = shownKey(winners[0] as Visitor);
      expect(await works(current)).toBe(true);
      expect((await desk.db.query("select from api_keys where ended_at is null")).rowCount).toBe(1);
    }
  }, 120_000);

  it("cannot touch another person's key", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    const key = await generate();
    await grace.visitor.open("/profile");
    const _csrf = grace.visitor.hidden("_csrf");
    for (const act of ["regenerate", "revoke"]) {
      await grace.visitor.post(`/profile/api-key/${act}`, { _csrf, replaces: key.slice(2, 10) });
      expect(grace.visitor.status).toBe(409);
    }
    expect(await works(key)).toBe(true);
  });

  it("shows where the old key was in use, and afterwards who has come over and who still calls with the dead key", async () => {
    const old = await generate();
    for (const client of ["curl/8.0", "python-requests/2.32", "node"]) await works(old, desk.origin, client);
    await works(old, desk.origin, "node");
    await ada.visitor.open("/profile/api-key/regenerate");
    for (const client of ["curl/8.0", "python-requests/2.32", "node"])
      expect(ada.visitor.text).toContain(client);

    await ada.visitor.press("Regenerate API Key");
    const fresh = shownKey(ada.visitor);
    await works(fresh, desk.origin, "curl/8.0");
    await works(old, desk.origin, "node");
    await works(old, desk.origin, "python-requests/2.32");
    await works(old, desk.origin, "node");
    await ada.visitor.open("/profile");
    const $ = ada.visitor.$;
    const row = (client: string) =>
      $("tr")
        .filter((_, tr) => $(tr).text().includes(client))
        .last()
        .text();
    expect(row("curl/8.0")).toContain("Has come over");
    expect(row("python-requests")).toContain("Still calls with the dead key (1 refused)");
    expect(row("node")).toContain("Still calls with the dead key (2 refused)");
  });

  it("tells who has come over and calls no more with the dead key, and keeps telling who still calls with one before it", async () => {
    const regenerate = async () => {
      await (await ada.visitor.open("/profile/api-key/regenerate")).press("Regenerate API Key");
      return shownKey(ada.visitor);
    };
    const told = async () => {
      const { $ } = await ada.visitor.open("/profile");
      const cells = $("[aria-labelledby=moved-title] tbody tr").toArray();
      const words = cells.map((row) => ["Client", "Now"].map((name) => $(row).find(`[data-column=${name}]`)));
      return words
        .map((cell) => cell.map((part) => part.text().replace(/\s+/g, " ").trim()).join(": "))
        .sort();
    };
    const old = await generate();
    for (const client of ["over/1.0", "both/1.0", "stray/1.0"]) await works(old, desk.origin, client);
    const fresh = await regenerate();
    for (const [key, client] of [
      [old, "over/1.0"],
      [fresh, "over/1.0"],
      [fresh, "both/1.0"],
      [old, "stray/1.0"],
      [old, "both/1.0"],
    ] as const)
      await works(key, desk.origin, client);
    expect(await told()).toEqual([
      "both/1.0: Has come over, but still calls with the dead key too (1 refused)",
      "over/1.0: Has come over",
      "stray/1.0: Still calls with the dead key (1 refused)",
    ]);
    await regenerate();
    const earlier = `with the earlier key lk${old.slice(2, 10)}`;
    expect(await told()).toEqual([
      "both/1.0: Not seen since",
      `both/1.0${earlier}: Has come over, but still calls with the dead key too (1 refused)`,
      "over/1.0: Not seen since",
      `stray/1.0${earlier}: Still calls with the dead key (1 refused)`,
    ]);
  });
});

describe("a client that changes its name with every call", () => {
  it("is counted together with others past 200, so that it neither fills the table nor hides the rest", async () => {
    const key = await generate();
    await works(key, desk.origin, "honest/1.0");
    const at = new Date();
    const keyId = key.slice(2, 10);
    for (let i = 0; i < 500; i++) {
      desk.desk.calls.note({ keyId, client: `random/${i}`, address: "127.0.0.1", accepted: true, at });
      if (i % 100 === 99) await desk.desk.calls.flush();
    }
    const { rows } = await desk.db.query(
      "select client, accepted::int from api_key_callers order by accepted desc",
    );
    expect(rows.length).toBe(201);
    expect(rows[0]).toEqual({ client: "other clients", accepted: 301 });
    expect(rows.some((row) => row.client === "honest/1.0")).toBe(true);
  });
});

describe("more than 10,000 clients within two seconds", () => {
  it("hide nobody else's calls: further clients of a key are counted together", async () => {
    const flooded = await generate();
    const bob = await addPerson(desk, "bob@example.com");
    const other = shownKey(await (await bob.visitor.open("/profile")).press("Generate API Key"));
    const at = new Date();
    const note = (keyId: string, client: string) =>
      desk.desk.calls.note({ keyId, client, address: "127.0.0.1", accepted: true, at });
    for (let i = 0; i < 10_000; i++) note(flooded.slice(2, 10), `random/${i}`);
    note(other.slice(2, 10), "quiet/1.0");
    note(other.slice(2, 10), "quiet/1.0");
    await desk.desk.calls.flush();
    const { rows } = await desk.db.query(
      "select client, accepted::int from api_key_callers where key_id = $1",
      [other.slice(2, 10)],
    );
    expect(rows).toEqual([{ client: "other clients", accepted: 2 }]);
  });
});

describe("revoking a key", () => {
  it("asks first, can be cancelled, then stops the key, and a new one can be generated", async () => {
    const key = await generate();
    await ada.visitor.open("/profile");
    await ada.visitor.press("Revoke");
    expect(ada.visitor.path).toBe("/profile/api-key/revoke");
    await ada.visitor.press("Cancel");
    expect(await works(key)).toBe(true);
    await ada.visitor.press("Revoke");
    await ada.visitor.press("Revoke");
    expect(ada.visitor.path).toBe("/profile");
    expect(ada.visitor.text).toContain(
      `Your API key lk${key.slice(2, 10)} is revoked. Nothing accepts it any more.`,
    );
    expect(await works(key)).toBe(false);
    expect(ada.visitor.hasButton("Generate API Key")).toBe(true);
    expect(await works(await generate())).toBe(true);
    expect(await works(key)).toBe(false);
  });

  it("or regenerating it, where there is none, leads to the profile, which says so", async () => {
    for (const page of ["revoke", "regenerate"]) {
      await ada.visitor.open(`/profile/api-key/${page}`);
      expect([ada.visitor.status, ada.visitor.path]).toEqual([200, "/profile"]);
      expect(ada.visitor.text).toContain("There is no API key at the moment.");
    }
  });

  it("keeps a form that names that key from generating another", async () => {
    const key = await generate();
    await (await ada.visitor.open("/profile/api-key/revoke")).press("Revoke");
    const fields = { _csrf: ada.visitor.hidden("_csrf"), replaces: key.slice(2, 10) };
    expect((await ada.visitor.post("/profile/api-key/generate", fields)).status).toBe(409);
    expect((await desk.db.query("select from api_keys where ended_at is null")).rowCount).toBe(0);
  });

  it("by a stale form leaves the newer key alone", async () => {
    await generate();
    await ada.visitor.open("/profile/api-key/revoke");
    const stale = ada.visitor.fieldsOf("Revoke");
    await ada.visitor.open("/profile/api-key/regenerate");
    await ada.visitor.press("Regenerate API Key");
    const fresh = shownKey(ada.visitor);
    await ada.visitor.post(stale.action, stale.fields);
    expect(ada.visitor.status).toBe(409);
    expect(await works(fresh)).toBe(true);
  });

  it("accepts no dead key in 300 checks right after the answer", async () => {
    for (let round = 0; round < 10; round++) {
      const key = await generate();
      await ada.visitor.open("/profile/api-key/revoke");
      const early = Array.from({ length: 10 }, () => works(key));
      await ada.visitor.press("Revoke");
      const late = await Promise.all(Array.from({ length: 30 }, () => works(key)));
      expect(late.filter(Boolean)).toHaveLength(0);
      await Promise.all(early);
    }
  });
});
