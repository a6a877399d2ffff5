import type { TrailAction } from "../../src/records/trail";
import { particularsOf } from "../../src/web/trail-particulars";

const tell = (details: unknown, action: TrailAction = "profile.changed") =>
  particularsOf({ action, details: details as Record<string, unknown> });

describe("the particulars of an entry", () => {
  it.each<[string, TrailAction, Record<string, unknown>, string[]]>([
    [
      "a changed profile",
      "profile.changed",
      {
        firstName: { from: "Ada", to: "Augusta" },
        lastName: { from: "a", to: "b" },
        phoneNumber: { from: "", to: "555 0100" },
        sessionTimeout: { from: 1800, to: 3600 },
      },
      [
        "First Name: Ada → Augusta",
        "Last Name: a → b",
        "Phone Number: empty → 555 0100",
        "Session Timeout: 30 minutes → 1 hour",
      ],
    ],
    [
      "changed settings",
      "settings.changed",
      {
        longestSessionTimeout: { from: 7776000, to: 28800 },
        longestSessionTimeoutAdministrators: { from: 7776000, to: 3600 },
        absoluteLifetime: { from: 31536000, to: 604800 },
        twoFactorPolicy: { from: "everyone", to: "optional" },
      },
      [
        "Longest session timeout: 90 days → 8 hours",
        "Longest session timeout for administrators: 90 days → 1 hour",
        "Longest time signed in: 365 days → 7 days",
        "Two-factor authentication: Everyone (recommended) → Optional",
      ],
    ],
    [
      "a set-up",
      "installation.set-up",
      { twoFactorPolicy: "administrators" },
      ["Two-factor authentication: Administrators"],
    ],
    ["a sign-in with a code", "session.started", { secondFactor: "one-time code" }, ["with a one-time code"]],
    ["a sign-in without one", "session.started", { secondFactor: "none" }, ["with the password alone"]],
    ["a recovery code used up", "recovery-code.used", { left: 0 }, ["no recovery codes left"]],
    ["a recovery code used", "recovery-code.used", { left: 1 }, ["1 recovery code left"]],
    ["other sessions", "password.changed", { otherSessionsEnded: 3 }, ["3 other sessions ended"]],
    ["no other sessions", "second-factor.reset", { otherSessionsEnded: 0 }, []],
    ["a session", "session.ended", { sessionId: "4b0ca425-0000-4000-8000-000000000000" }, []],
    [
      "keys",
      "api-key.regenerated",
      { keyId: "abcd1234", replacedKeyId: "wxyz6789" },
      ["Key: lkabcd1234", "Replaced key: lkwxyz6789"],
    ],
    ["an email", "email.changed", { from: "a@x.org", to: "b@x.org" }, ["Email: a@x.org → b@x.org"]],
    [
      "an accepted invitation",
      "invitation.accepted",
      { invitationId: "4b0ca425-0000-4000-8000-000000000000", email: "a@x.org", roles: ["member"] },
      ["Email: a@x.org", "Roles: member"],
    ],
    [
      "a deleted role",
      "role.deleted",
      { name: "editor", people: 2, serviceAccounts: 0 },
      ["Name: editor", "taken off 2 people"],
    ],
    [
      "a successor",
      "person.deactivated",
      { successor: "a@x.org", serviceAccounts: 1 },
      ["Successor: a@x.org", "1 service account handed on"],
    ],
    [
      "a service account",
      "service-account.changed",
      { responsible: { from: "a@x.org", to: "b@x.org" }, roles: { from: [], to: ["billing", "author"] } },
      ["Responsible person: a@x.org → b@x.org", "Roles: none → billing, author"],
    ],
  ])("of %s read as on the forms", (_, action, details, told) => {
    expect(tell(details, action)).toEqual(told);
  });

  it("of older entries, unknown or of another shape, are shown all the same", () => {
    expect(tell({ favouriteColour: "blue", nested: { a: [1] }, gone: null, constructor: "x" })).toEqual([
      "Favourite colour: blue",
      'Nested: {"a":[1]}',
      "Gone: none",
      "Constructor: x",
    ]);
    expect(
      tell({ secondFactor: "pigeon", otherSessionsEnded: "some", twoFactorPolicy: 7, keyId: 5 }),
    ).toEqual([
      "Second factor: pigeon",
      "Other sessions ended: some",
      "Two-factor authentication: 7",
      "Key: 5",
    ]);
    expect(tell({ secondFactor: "toString", twoFactorPolicy: { from: null, to: "constructor" } })).toEqual([
      "Second factor: toString",
      "Two-factor authentication: none → constructor",
    ]);
    expect(tell({ from: "x" }, "email.changed")).toEqual(["From: x"]);
    expect(tell(null)).toEqual([]);
    expect(tell("words")).toEqual(["Details: words"]);
    expect(tell(["a", 1])).toEqual(["Details: a, 1"]);
  });
});
