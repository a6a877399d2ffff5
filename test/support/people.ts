import { generateSync } from "otplib";
import type { TestDesk } from "./desk";
import { Visitor } from "./visitor";

export const PASSWORD = "Sunshine-Harbour-42";

/** Somebody with an account, as the tests know them. */
export type Known = {
  email: string;
  password: string;
  secret: string;
  recoveryCodes: string[];
  visitor: Visitor;
};

/** The setup key on the page, as typed into an authenticator app. */
export function setupKey(visitor: Visitor): string {
  return visitor.$("#setup-key").text().trim();
}

/** The recovery codes on the page. */
export function recoveryCodes(visitor: Visitor): string[] {
  const $ = visitor.$;
  return $("#recovery-codes code")
    .toArray()
    .map((code) => $(code).text());
}

/** A one-time code that has not been used yet: the clock is moved on by one step first. */
export function freshCode(desk: TestDesk, secret: string): string {
  desk.moveClock(30);
  return codeNow(desk, secret);
}

/** The one-time code the authenticator shows at this moment of the program's clock. */
export function codeNow(desk: TestDesk, secret: string): string {
  return generateSync({ secret, epoch: Math.floor(desk.now().getTime() / 1000) });
}

/** The set-up address without its host, which a browser might reach some other way. */
export function setUpPath(desk: TestDesk): string {
  const { pathname, search } = new URL(desk.desk.setUpAddress);
  return pathname + search;
}

/** Sets the installation up through its pages: the first administrator, enrolled and signed in. */
export async function setUp(desk: TestDesk, visitor = new Visitor(desk.origin)): Promise<Known> {
  await visitor.open(setUpPath(desk));
  await visitor
    .fill("First Name", "Ada")
    .fill("Last Name", "Lovelace")
    .fill("Email", "ada@example.com")
    .fill("Password", PASSWORD)
    .press("Create administrator");
  return enrol(desk, visitor, "ada@example.com");
}

/** Enrols somebody who stands on the enrolment page. */
export async function enrol(desk: TestDesk, visitor: Visitor, email: string): Promise<Known> {
  const secret = setupKey(visitor);
  await visitor.fill("One-time code", freshCode(desk, secret)).press("Verify");
  const codes = recoveryCodes(visitor);
  await visitor.press("Done");
  return { email, password: PASSWORD, secret, recoveryCodes: codes, visitor };
}

/** Signs somebody in on another device. */
export async function signIn(
  desk: TestDesk,
  known: Known,
  visitor = new Visitor(desk.origin),
): Promise<Visitor> {
  await givePassword(known, visitor);
  await visitor.fill("One-time code", freshCode(desk, known.secret)).press("Verify");
  return visitor;
}

/** Half signs somebody in: password given, code due. */
export async function givePassword(known: Known, visitor: Visitor): Promise<Visitor> {
  await visitor.open("/sign-in");
  return visitor.fill("Email", known.email).fill("Password", known.password).press("Sign in");
}

/** Adds a person with the same password beside the first, straight into the database, and enrols them through the pages. */
export async function addPerson(
  desk: TestDesk,
  email: string,
  roles = ["member"],
  visitor = new Visitor(desk.origin),
): Promise<Known> {
  const passwordHash = await desk.desk.passwords.hash(PASSWORD);
  await desk.db.query(
    "insert into people (email, first_name, last_name, roles, password_hash) values ($1, 'Grace', 'Hopper', $2, $3)",
    [email, roles, passwordHash],
  );
  await givePassword({ email, password: PASSWORD, secret: "", recoveryCodes: [], visitor }, visitor);
  return enrol(desk, visitor, email);
}
