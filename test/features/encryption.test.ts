import { randomBytes } from "node:crypto";
import { COMMAND_LINE } from "../../src/base/actor";
import { lookAtSealed } from "../../src/features/encryption/look-at-sealed";
import { rotateEncryption } from "../../src/features/encryption/rotate-encryption";
import { makeSeal } from "../../src/platform/seal";
import { queueLetter } from "../../src/records/mail";
import { replaceSealed } from "../../src/records/sealed-values";
import { secondFactorPurpose } from "../../src/records/second-factors";
import { WrongAppSecret } from "../../src/web/open-seal";
import { openTestDesk, type TestDesk } from "../support/desk";
import { addPerson, freshCode, givePassword, type Known, setUp, setupKey, signIn } from "../support/people";
import { ageSession } from "../support/time";
import { Visitor } from "../support/visitor";

const OLD = "the secret that was there from the beginning";
const NEW = "the secret that takes the place of the other";
const LETTER = { subject: "Hello", paragraphs: ["There."] };

let desk: TestDesk;
let ada: Known;
beforeEach(async () => {
  desk = await openTestDesk({ appSecret: OLD });
  ada = await setUp(desk);
});
afterEach(() => desk.close());

/** The same visitor's browser, brought to another replica. */
function at(origin: string, visitor: Visitor): Visitor {
  const moved = new Visitor(origin);
  moved.cookies = new Map(visitor.cookies);
  return moved;
}

const rotate = (seal = makeSeal(NEW, OLD)) => rotateEncryption(desk.db, seal, COMMAND_LINE, 2);
const look = () => lookAtSealed(desk.db, makeSeal(NEW, OLD), 2);
const sealedSecrets = async () =>
  (await desk.db.query("select sealed_secret as sealed from second_factors")).rows.map(
    ({ sealed }) => sealed,
  );

describe("a program with a new secret before the old one", () => {
  it("reads what the old one has sealed, and writes under the new one", async () => {
    const { origin, desk: next } = await desk.replica(`${NEW},${OLD}`);
    const visitor = await signIn(desk, ada, new Visitor(origin));
    expect(visitor.path).toBe("/profile");
    await visitor.press("Reset Two-Factor Authentication");
    await visitor.fill("One-time code", freshCode(desk, setupKey(visitor))).press("Verify");
    const [sealed] = await sealedSecrets();
    const { rows } = await desk.db.query("select id from people");
    expect(makeSeal(NEW).tryOpen(sealed, secondFactorPurpose(rows[0].id))).toBeDefined();
    expect(next.pepper.equals(desk.desk.pepper)).toBe(true);
  });

  it("takes cookies of both, and gives those signed under the old one out anew, good without it from then on", async () => {
    const { origin } = await desk.replica(`${NEW},${OLD}`);
    const last = await desk.replica(`${NEW}\n${OLD}`);
    const visitor = await at(origin, ada.visitor).open("/profile");
    expect([visitor.path, visitor.status]).toEqual(["/profile", 200]);
    expect(visitor.cookies.get("latchkey")).not.toBe(ada.visitor.cookies.get("latchkey"));
    expect(visitor.headers.getSetCookie()[0]).toMatch(/; HttpOnly; SameSite=Lax$/);
    await visitor.open("/profile/sessions");
    expect(visitor.headers.getSetCookie()).toEqual([]);
    expect((await at(last.origin, visitor).open("/profile")).path).toBe("/profile");
    await rotate();
    const alone = await desk.replica(NEW);
    expect((await at(alone.origin, visitor).open("/profile")).path).toBe("/profile");
    expect((await at(alone.origin, ada.visitor).open("/profile")).path).toContain("/sign-in");
  });

  it("signs out and signs in as ever with a cookie of the old one", async () => {
    const { origin } = await desk.replica(`${NEW},${OLD}`);
    const visitor = await at(origin, ada.visitor).open("/profile");
    const again = at(origin, ada.visitor);
    await again.open("/profile");
    await again.press("Sign out");
    expect(again.cookies.has("latchkey")).toBe(false);
    expect((await visitor.open("/profile")).path).toContain("/sign-in");
    expect((await signIn(desk, ada, at(origin, ada.visitor))).path).toBe("/profile");
  });

  it("takes no cookie signed under a third", async () => {
    const sid = decodeURIComponent(ada.visitor.cookies.get("latchkey") ?? "").split(".")[0] ?? "";
    const { origin } = await desk.replica(`${NEW},${OLD}`);
    const forged = new Visitor(origin);
    forged.cookies.set("latchkey", encodeURIComponent(`${sid}.${randomBytes(32).toString("base64")}`));
    expect((await forged.open("/profile")).path).toContain("/sign-in");
  });
});

describe("an installation that is not set up", () => {
  it("takes the set-up address of each secret, and prints that of the first", async () => {
    const empty = await openTestDesk({ appSecret: OLD });
    const { origin, desk: next } = await empty.replica(`${NEW},${OLD}`);
    const [old, made] = [new URL(empty.desk.setUpAddress), new URL(next.setUpAddress)];
    expect(made.search).not.toBe(old.search);
    for (const { search } of [old, made]) {
      const visitor = await new Visitor(origin).open(`/setup${search}`);
      expect(visitor.hasButton("Create administrator")).toBe(true);
    }
    expect((await new Visitor(empty.origin).open(`/setup${made.search}`)).status).toBe(403);
    await empty.close();
  });
});

describe("opening the desk", () => {
  it.each([
    ["a wrong secret", "another secret that is long enough but wrong", "APP_SECRET is not the one this"],
    ["wrong secrets", `${"x".repeat(40)},${"y".repeat(40)}`, "None of the 2 values in APP_SECRET is one"],
    [
      "a short one in the list",
      `${OLD},short`,
      "lists 2 values with commas or line breaks between them, and value 2",
    ],
    ["the same one twice", `${OLD},${NEW},${OLD}`, "lists the same value twice: values 1 and 3 are alike"],
    ["nothing but a comma", ",", "APP_SECRET holds no value"],
    ["the new one alone, before the rotation", NEW, "list the new value first and the old one after it"],
  ])("is refused with %s, in a sentence, and changes nothing", async (_, secret, says) => {
    const before = (await desk.db.query("select * from installation")).rows;
    const refused = desk.replica(secret);
    await expect(refused).rejects.toThrow(WrongAppSecret);
    await expect(refused).rejects.toThrow(says);
    expect((await desk.db.query("select * from installation")).rows).toEqual(before);
  });

  it("is refused when the sealed pepper is gone from an installation with people: no new one is made", async () => {
    await desk.db.query("update installation set sealed_pepper = null");
    await expect(desk.replica(OLD)).rejects.toThrow("Restore the database from a backup");
    expect((await desk.db.query("select sealed_pepper from installation")).rows).toEqual([
      { sealed_pepper: null },
    ]);
  });

  it("takes a secret from before there were lists that holds a comma or line breaks itself, and lists it in quotes", async () => {
    for (const odd of [
      "a pass phrase, with a comma, of 40 letters",
      `${"b".repeat(64)}\n${"c".repeat(24)}\n`,
    ]) {
      const { rows } = await desk.db.query("select sealed_pepper as sealed from installation");
      const pepper = makeSeal(odd).close(makeSeal(OLD).open(rows[0].sealed, "pepper"), "pepper");
      await desk.db.query("update installation set sealed_pepper = $1", [pepper]);
      const alone = await desk.replica(odd);
      expect(alone.desk.seal.id).toBe(makeSeal(odd).id);
      const listed = await desk.replica(`${NEW},"${odd}"`);
      expect([listed.desk.secrets, listed.desk.seal.id]).toEqual([2, makeSeal(NEW).id]);
      await desk.db.query("update installation set sealed_pepper = $1", [rows[0].sealed]);
    }
  });
});

describe("a rotation", () => {
  it("seals every kind anew, keeps the pepper's value, counts by kind, and is in the trail in words", async () => {
    const grace = await addPerson(desk, "grace@example.com");
    await grace.visitor.press("Reset Two-Factor Authentication");
    await desk.desk.mail.stop();
    await queueLetter(desk.db, desk.desk.seal, "grace@example.com", LETTER);
    await ada.visitor.open("/profile");
    ada.visitor.fill("First Name", "Augusta");
    await ageSession(desk, ada.visitor, 30 * 60 + 1);
    await ada.visitor.press("Save Changes");
    const letters = (await desk.db.query("select from mail where sealed_letter is not null")).rowCount;

    expect(await rotate()).toEqual({
      resealed: { authenticators: 3, letters, parkedForms: 1, pepper: 1 },
      left: 0,
      otherSealers: 0,
      unopenable: [],
    });
    expect((await lookAtSealed(desk.db, makeSeal(NEW), 1)).unopenable).toEqual([]);
    const { origin, desk: next } = await desk.replica(NEW);
    expect(next.pepper.equals(desk.desk.pepper)).toBe(true);
    await expect(desk.replica(OLD)).rejects.toThrow(WrongAppSecret);

    // The form parked before has a cookie that only the old secret signed.
    const both = await desk.replica(`${NEW},${OLD}`);
    const back = at(both.origin, ada.visitor);
    await back.open("/sign-in?return=%2Fprofile");
    await back.fill("Email", ada.email).fill("Password", ada.password).press("Sign in");
    await back.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(back.value("First Name")).toBe("Augusta");
    await signIn(desk, grace, new Visitor(origin));

    await back.open("/admin/activity");
    expect(back.text).toContain("An operator at the command line sealed the stored secrets anew");
    expect(back.text).toContain("the key of the password hashes");
    expect(await rotate()).toMatchObject({
      resealed: { authenticators: 0, letters: 0, parkedForms: 0, pepper: 0 },
    });
    expect((await desk.db.query("select from trail where action = 'encryption.rotated'")).rowCount).toBe(1);
  });

  it("moves the pepper last: while anything is left, no program starts with the new secret alone", async () => {
    const holder = await desk.db.connect();
    await holder.query("begin");
    await holder.query("select from second_factors for update");
    const rotation = rotate();
    await new Promise((resolve) => setTimeout(resolve, 600));
    await expect(desk.replica(NEW)).rejects.toThrow(WrongAppSecret);
    await holder.query("commit");
    holder.release();
    expect(await rotation).toMatchObject({ left: 0, resealed: { authenticators: 1, pepper: 1 } });
    await desk.replica(NEW);
  });

  it("gives up on what somebody holds on to, says how much is left, and leaves the pepper", async () => {
    const holder = await desk.db.connect();
    await holder.query("begin");
    await holder.query("select from second_factors for update");
    expect(await rotate()).toMatchObject({ left: 2, resealed: { authenticators: 0, pepper: 0 } });
    await holder.query("rollback");
    holder.release();
    await expect(desk.replica(NEW)).rejects.toThrow(WrongAppSecret);
  });

  it("does not write over what was written anew since it was read, nor undo a code that was spent", async () => {
    const { rows } = await desk.db.query("select id, sealed_secret as sealed, last_step from second_factors");
    const [{ id, sealed }] = rows;
    const [stale, mine, theirs] = [randomBytes(40), randomBytes(41), randomBytes(42)];
    const put = (from: Buffer, to: Buffer) =>
      replaceSealed(desk.db, "authenticators", [{ key: id, sealed: from, resealed: to }]);
    expect(await put(stale, mine)).toBe(0);
    // Read before, locked after, the change in between.
    const other = await desk.db.connect();
    await other.query("begin");
    await other.query("update second_factors set sealed_secret = $1", [theirs]);
    expect(await put(sealed, mine)).toBe(0);
    await other.query("commit");
    other.release();
    expect(await sealedSecrets()).toEqual([theirs]);
    for (let round = 0; round < 200; round++) {
      const before = (await sealedSecrets())[0];
      const [done] = await Promise.all([
        put(before, randomBytes(40)),
        desk.db.query("update second_factors set last_step = $1", [1000 + round]),
      ]);
      expect([0, 1]).toContain(done);
      const after = (await desk.db.query("select last_step from second_factors")).rows[0];
      expect(Number(after.last_step)).toBe(1000 + round);
    }
  });

  it("names what no secret opens, leaves it, and finishes the rest", async () => {
    await addPerson(desk, "grace@example.com");
    const damage = randomBytes(60);
    await desk.db.query(
      "update second_factors set sealed_secret = $1 where person_id = (select id from people where email like 'grace%')",
      [damage],
    );
    expect(await rotate()).toMatchObject({
      resealed: { authenticators: 1, pepper: 1 },
      left: 0,
      unopenable: [{ kind: "authenticators", count: 1, whose: ["grace@example.com"] }],
    });
    expect(await sealedSecrets()).toContainEqual(damage);
    expect((await look()).underEach[1]).toBe(0);
  });

  it("does nothing while a program runs that seals with another secret", async () => {
    await desk.db.query("insert into replicas (id, seals_with) values (gen_random_uuid(), $1)", [
      makeSeal(OLD).id,
    ]);
    const before = await sealedSecrets();
    expect(await rotate()).toMatchObject({
      otherSealers: 1,
      left: 2,
      resealed: { authenticators: 0, pepper: 0 },
    });
    expect(await sealedSecrets()).toEqual(before);
    await desk.db.query("update replicas set seen_at = now() - interval '31 seconds'");
    expect(await rotate()).toMatchObject({
      otherSealers: 0,
      left: 0,
      resealed: { authenticators: 1, pepper: 1 },
    });
  });
});

describe("a value that does not open although the secret is right", () => {
  const damaged = (kind: string) =>
    desk.log.filter((line) => line.includes(`${kind} cannot be read`) && !line.includes(OLD)).length;

  it("is never taken for no second factor: no code is accepted, the page says why, and a recovery code still works", async () => {
    await desk.db.query("update second_factors set sealed_secret = $1", [randomBytes(60)]);
    await desk.db.query("update installation set two_factor_policy = 'optional'");
    const visitor = await givePassword(ada, new Visitor(desk.origin));
    expect(visitor.path).toBe("/sign-in/two-factor");
    await visitor.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect(visitor.status).toBe(503);
    expect(visitor.errors.code).toContain("Use a recovery code, or ask an administrator");
    expect(damaged("An authenticator")).toBe(1);
    for (const page of ["/profile", "/two-factor/enrol", "/admin/people"])
      expect((await visitor.open(page)).path).toBe("/sign-in/two-factor");
    await visitor.open("/sign-in/recovery-code");
    await visitor.fill("Recovery code", ada.recoveryCodes[0] ?? "").press("Verify");
    expect(visitor.path).toBe("/profile");
    await visitor.press("Reset Two-Factor Authentication");
    ada.secret = setupKey(visitor);
    await visitor.fill("One-time code", freshCode(desk, ada.secret)).press("Verify");
    expect((await signIn(desk, ada)).path).toBe("/profile");
  });

  it("as an authenticator nobody has confirmed yet, is replaced by a new one, and its code by a hint to scan that", async () => {
    await ada.visitor.open("/profile");
    await ada.visitor.press("Reset Two-Factor Authentication");
    const before = setupKey(ada.visitor);
    const spoil = () =>
      desk.db.query("update second_factors set sealed_secret = $1 where pending_in is not null", [
        randomBytes(60),
      ]);
    await spoil();
    await ada.visitor.fill("One-time code", freshCode(desk, before)).press("Verify");
    expect(ada.visitor.status).toBe(422);
    expect(ada.visitor.errors.code).toContain("has lapsed. Scan this new one");
    await spoil();
    await ada.visitor.open("/profile/two-factor/reset");
    expect(ada.visitor.status).toBe(200);
    const secret = setupKey(ada.visitor);
    expect(secret).not.toBe(before);
    await ada.visitor.fill("One-time code", freshCode(desk, secret)).press("Verify");
    expect((await signIn(desk, { ...ada, secret })).path).toBe("/profile");
  });

  it("as a parked form, leaves the page as it is, and the log says whose it was", async () => {
    await ada.visitor.open("/profile");
    ada.visitor.fill("First Name", "Augusta");
    await ageSession(desk, ada.visitor, 30 * 60 + 1);
    await ada.visitor.press("Save Changes");
    await desk.db.query("update parked_forms set sealed_fields = $1", [randomBytes(60)]);
    await signIn(desk, ada, ada.visitor);
    await ada.visitor.open("/profile");
    expect(ada.visitor.status).toBe(200);
    expect(ada.visitor.value("First Name")).toBe("Ada");
    const [told = "{}"] = desk.log.filter((line) =>
      line.includes("A parked form cannot be read: see doctor"),
    );
    const { rows } = await desk.db.query("select id from people");
    expect(JSON.parse(told)).toMatchObject({ id: expect.any(String), person: rows[0].id });
  });
});
