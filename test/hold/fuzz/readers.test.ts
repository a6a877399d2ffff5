import { parse } from "node:querystring";
import type { Request } from "express";
import * as fc from "fast-check";
import { apiKeyId } from "../../../src/base/api-key-format";
import { clientAddress, clientName } from "../../../src/base/client";
import { readCredentials } from "../../../src/base/credentials";
import { csvLine } from "../../../src/base/csv";
import { deviceName } from "../../../src/base/device-name";
import { localPath } from "../../../src/base/local-path";
import { fieldsToPark } from "../../../src/base/parked-fields";
import { isStorable } from "../../../src/base/plain-text";
import { normaliseRecoveryCode } from "../../../src/base/recovery-code";
import { Refusal } from "../../../src/base/refusal";
import { likePattern, searchWords } from "../../../src/base/search-words";
import { isUuid } from "../../../src/base/uuid";
import { activityFilter } from "../../../src/features/admin-activity/form";
import { detailsForm, readTicked, reasonForm } from "../../../src/features/admin-people/form";
import { readListQuery } from "../../../src/features/admin-people/read-query";
import { serviceAccountForm } from "../../../src/features/admin-service-accounts/form";
import { roleForm, settingsForm } from "../../../src/features/admin-settings/form";
import { emailForm } from "../../../src/features/email/form";
import { forgotPasswordForm } from "../../../src/features/forgot-password/form";
import { inviteForm, readJoinForm } from "../../../src/features/invitations/form";
import { profileForm } from "../../../src/features/profile/form";
import { readSetUpForm } from "../../../src/features/setup/form";
import { signInForm } from "../../../src/features/sign-in/form";
import { type ReadForm, readBySchema } from "../../../src/platform/form-errors";
import { normaliseCode } from "../../../src/platform/one-time-code";
import { passwordProblem } from "../../../src/platform/password-strength";
import { ForwardQuery } from "../../../src/web/api/schemas";
import { type Form, readForm } from "../../../src/web/read-form";
import { oddHeader, oddValue } from "./odd";
import { ADMINISTRATOR_ROWS, PAGE_ROWS, PEOPLE_ROWS, SET_UP_ROWS } from "./rows";
import { ODD_VALUES, SEED, READ_VALUES as VALUES } from "./trial";

jest.setTimeout(600_000);

const seeded = { seed: SEED, numRuns: VALUES };

/** What passes through a request's body parser and the desk's own reading of it; undefined where that refuses. */
function read(fields: Record<string, string>): Form | undefined {
  const body = parse(
    Object.entries(fields)
      .map((field) => field.join("="))
      .join("&"),
    "&",
    "=",
    { maxKeys: 100 },
  );
  try {
    return readForm({ body } as Request);
  } catch (error) {
    must(error instanceof Refusal && error.status === 400, String(error));
    return undefined;
  }
}

const schema =
  (of: Parameters<typeof readBySchema>[0]) =>
  (form: Form): ReadForm<unknown> =>
    readBySchema(of, form);

const details = ["firstName", "lastName", "phoneNumber", "sessionTimeout", "version"];
/** A form, its fields, and those which may be of any length and hold anything. */
const FORMS: [name: string, fields: string[], anything: string[], read: (form: Form) => ReadForm<unknown>][] =
  [
    [
      "set-up",
      ["firstName", "lastName", "email", "password", "twoFactorPolicy"],
      [],
      (form) => readSetUpForm({ ...form, password: "" }),
    ],
    ["sign-in", ["email", "password"], ["email", "password"], schema(signInForm)],
    ["profile", details, [], schema(profileForm)],
    ["somebody's details", details, [], schema(detailsForm)],
    ["reason", ["reason"], [], schema(reasonForm)],
    [
      "service account",
      ["name", "purpose", "responsible", "version", "role:reader"],
      ["responsible"],
      (form) => readBySchema(serviceAccountForm(["reader"]), { ...form, roles: [] }),
    ],
    [
      "settings",
      [
        ...["longestSessionTimeout", "longestSessionTimeoutAdministrators"],
        ...["absoluteLifetime", "twoFactorPolicy", "version"],
      ],
      [],
      schema(settingsForm),
    ],
    ["role", ["name"], [], schema(roleForm)],
    ["invitation", ["email", "role", "invitation"], [], schema(inviteForm)],
    [
      "joining",
      ["firstName", "lastName", "password"],
      [],
      (form) => readJoinForm({ ...form, password: "" }, "guest@example.com"),
    ],
    ["email", ["newEmail"], [], schema(emailForm)],
    ["forgotten password", ["email"], [], schema(forgotPasswordForm)],
    ["filter of the trail", ["person", "action", "from", "to"], ["person", "action"], schema(activityFilter)],
  ];

/** What would be accepted in the fields of the forms above; in the others, nothing but what is there already. */
const GOOD: Record<string, string> = {
  firstName: "Grace",
  lastName: "Hopper",
  phoneNumber: "555-1234",
  sessionTimeout: "1800",
  version: "3",
  email: "grace%40example.com",
  password: "Sunshine-Harbour-42",
  twoFactorPolicy: "everyone",
  name: "backup",
  purpose: "nightly",
  responsible: "grace%40example.com",
  role: "member",
  longestSessionTimeout: "1800",
  longestSessionTimeoutAdministrators: "1800",
  absoluteLifetime: "86400",
};

/** Two times in three all fields are odd at once, else one alone, so that the form can still be accepted. */
function oddIn(fields: string[]): fc.Arbitrary<Record<string, string>> {
  const record = (isOdd: (field: string) => boolean) =>
    fc.record(
      Object.fromEntries(
        fields.map((field) => [field, isOdd(field) ? oddValue : fc.constant(GOOD[field] ?? "")]),
      ),
    );
  return fc.oneof(
    { arbitrary: record(() => true), weight: 2 },
    { arbitrary: fc.oneof(...fields.map((field) => record((each) => each === field))), weight: 1 },
  );
}

/** Is looked for in the database as it is, or compared with what is there. */
const asItIs = (value: string) => must(isStorable(value), value);
const aCode = (value: string) => must(/^[0-9]{6}$/.test(normaliseCode(value) ?? "000000"), value);
const aPlace = (value: string) => {
  const path = localPath(value, "/fallback");
  must(/^\/(?![/\\])[\x21-\x7e]*$/.test(path), path);
  must(new URL(path, "https://desk.example").origin === "https://desk.example", path);
};
const aList = (value: string) => {
  const { filter, place } = readListQuery({
    q: value,
    role: value,
    status: value,
    after: value,
    page: value,
  });
  must(["", "active", "deactivated", "without-two-factor"].includes(filter.status), filter);
  must(/^(after|first|last)$/.test(place.at), place.at);
};
const aQuestion = (value: string) => {
  const { role, activity } = ForwardQuery.parse({ role: value, activity: value });
  must(role[0] === value && (activity === "no" || activity === undefined), role, activity);
};

/** What else there is in the rows, by its name, and what becomes of it when it is read. */
const OTHERS: Record<string, (value: string) => void> = {
  ...{ token: asItIs, replaces: asItIs, secondFactor: asItIs, link: asItIs, was: asItIs, notice: asItIs },
  ...{ currentPassword: asItIs, newPassword: asItIs, successor: asItIs, oldest: asItIs },
  ...{ code: aCode, recoveryCode: (value) => must(isRecoveryCode(normaliseRecoveryCode(value)), value) },
  ...{ return: aPlace, back: aPlace, q: aList, status: aList, page: aList, before: aList, after: aList },
  ...{ activity: aQuestion, id: (value) => must(!isUuid(value) || value.length === 36, value) },
};

const isRecoveryCode = (code = "000000000000") =>
  /^(?:[0-9A-HJKMNP-TV-Z]{12}|[0-9A-HJKMNP-TV-Z]{16})$/.test(code);

const LONGEST = 500;

// Jest's own expect would take longer than what is tried.
function must(holds: boolean, ...what: unknown[]): void {
  if (!holds) throw new Error(`This must not be: ${JSON.stringify(what)}`);
}

function canBeKept(value: string): boolean {
  const strange = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
  return isStorable(value) && [...value].length <= LONGEST && value === value.trim() && !strange.test(value);
}

describe(`${VALUES} odd values in each field (FUZZ_SEED=${SEED})`, () => {
  it.each(FORMS)(
    "of the form %s are refused with words, or are what the desk can keep",
    (_name, fields, anything, judge) => {
      fc.assert(
        fc.property(oddIn(fields), (values) => {
          const form = read(values);
          if (!form) return;
          const judged = judge(form);
          if (judged.ok) {
            for (const [field, value] of Object.entries(judged.input as object)) {
              if (typeof value === "number") must(Number.isSafeInteger(value), field, value);
              else if (typeof value === "string" && !anything.includes(field))
                must(canBeKept(value), field, value);
            }
          } else {
            must(judged.errors.length > 0, "no errors");
            for (const { field, message } of judged.errors)
              must(fields.includes(field) && message.length > 5, field, message);
          }
        }),
        { ...seeded, numRuns: VALUES * 1.5 },
      );
    },
  );

  const text = oddValue.map((value) => read({ value })?.value ?? value);

  // Judging takes hundredths of a second each, so that a full run alone has as many; their forms are read above.
  const passwords = ODD_VALUES < VALUES ? VALUES / 20 : VALUES;
  it(`are as passwords, ${passwords} of them, refused with words or good`, () => {
    fc.assert(
      fc.property(text, text, (password, own) => {
        const problem = passwordProblem(password, [own]);
        must(problem === undefined ? [...password].length >= 12 : problem.length > 5, password);
      }),
      { ...seeded, numRuns: passwords },
    );
  });

  it("are tried in each parameter that the forms and pages have", () => {
    const rows = [...SET_UP_ROWS, ...PEOPLE_ROWS, ...ADMINISTRATOR_ROWS, ...PAGE_ROWS];
    const names = rows.flatMap(({ fields, query }) => Object.keys({ ...fields, ...query }));
    const read = [...FORMS.flatMap(([, fields]) => fields), ...Object.keys(OTHERS)];
    expect(read).toEqual(expect.arrayContaining([...new Set(names)]));
  });

  it.each(Object.entries(OTHERS))("of %s are of a known form, or refused", (name, judge) => {
    fc.assert(
      fc.property(oddValue, (value) => {
        const form = read({ [name]: value });
        if (form?.[name] !== undefined) judge(form[name]);
      }),
      seeded,
    );
  });

  it("are ids of keys, searches and ticks of a known form, or none", () => {
    fc.assert(
      fc.property(text, (value) => {
        must(/^[0-9A-Za-z]{8}$/.test(apiKeyId(value) ?? "00000000"), apiKeyId(value) ?? "00000000");
        const words = searchWords(value);
        must(words.length <= 6, words);
        for (const word of words)
          must(/^% ?(?:[^\\%_]|\\[\\%_])*%$/su.test(likePattern(word)), likePattern(word));
        must(readTicked({ [`person-${value}`]: "on" }).every(isUuid), value);
      }),
      seeded,
    );
  });

  it("are parked without a field that holds a secret", () => {
    const names = [
      "password",
      "newPassword",
      "code",
      "recoveryCode",
      "token",
      "replaces",
      "_csrf",
      "firstName",
    ];
    fc.assert(
      fc.property(fc.constantFrom(...names), text, (name, value) => {
        const parked = fieldsToPark({ [name]: value, note: `lk${"a".repeat(46)} ${value}` });
        must(
          Object.keys(parked ?? {}).every((field) => field === "firstName"),
          parked,
        );
      }),
      seeded,
    );
  });

  it("stay in their cell of a CSV file, and are no formula there", () => {
    fc.assert(
      fc.property(text, text, (one, two) => {
        const line = csvLine([one, two]);
        const cells = line.match(/"(?:[^"]|"")*"|[^",\r\n]+|(?<=,|^)(?=,|\r)/g) ?? [];
        must(cells.length <= 2, cells);
        for (const cell of cells) must(!/^"?[=+\-@\t\r]/.test(cell), cell);
      }),
      seeded,
    );
  });

  it("of headers are credentials, clients and addresses that can be kept, or none", () => {
    fc.assert(
      fc.property(oddHeader, oddHeader, (one, two) => {
        for (const headers of [
          { authorization: one },
          { "x-api-key": two },
          { authorization: one, "x-api-key": two },
        ]) {
          const credentials = readCredentials(headers);
          must(!credentials || typeof credentials.key === "string", credentials);
          must(
            /^[0-9A-Za-z]{8}$/.test(apiKeyId(credentials?.key ?? "") ?? "00000000"),
            apiKeyId(credentials?.key ?? "") ?? "00000000",
          );
        }
        must(/^[\x20-\x7e]{1,300}$/.test(clientName(one) ?? "x"), clientName(one) ?? "x");
        must(/^[0-9a-fA-F.:%a-z]+$/.test(clientAddress(two) ?? "::1"), clientAddress(two) ?? "::1");
        must(/./.test(deviceName(clientName(one))), deviceName(clientName(one)));
      }),
      seeded,
    );
  });
});
