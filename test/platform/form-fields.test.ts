import { readBySchema } from "../../src/platform/form-errors";
import { emailField } from "../../src/platform/form-fields";

const read = (email: string) => readBySchema(emailField(), email);

describe("an email address", () => {
  it.each([
    "ada@example.com",
    "Ada.Lovelace+desk@mail.example.co.uk",
    "o'brien@example.com",
    "a/b=c_d-e@example.com",
    "1@2.example",
    "дарья@пример.рф",
    "用户@例え.テスト",
    "josé@bücher.example",
    "x@paral\u00b7lel.cat",
    "x@xn--bcher-kva.example",
    `x@${"l".repeat(63)}.example`,
  ])("can be %s", (email) => {
    expect(read(` ${email} `)).toEqual({ ok: true, input: email });
  });

  it.each([
    "ada",
    "@example.com",
    "ada@",
    "ada@localhost",
    "a@b@example.com",
    "a b@example.com",
    "<a>@example.com",
    "a..b@x.yz",
    ".a@x.yz",
    "a.@x.yz",
    "a@x..yz",
    "a@.x.yz",
    "a@x.yz.",
    "a@-x.yz",
    "a@x-.yz",
    "a@x.-yz",
    "a@x_y.yz",
    "a@x.yz/../",
    "a@x.yz?x",
    "a@x.yz#x",
    "a@x.yz:25",
    "a@x%2eyz.example",
    "a@x!.yz",
    "a@127.0.0.1",
    "a@127.1",
    "a@[127.0.0.1]",
    "a@xn--zz.example",
    `a@${"l".repeat(64)}.example`,
  ])("cannot be %s", (email) => {
    expect(read(email)).toMatchObject({
      errors: [{ message: "Enter an email address like name@example.com" }],
    });
  });

  it.each(["200b", "00ad", "061c", "200c", "200d", "200f", "202e", "2060", "2028", "0007", "3164", "e0041"])(
    "is to be typed again when it holds U+%s, which cannot be seen",
    (code) => {
      const hidden = String.fromCodePoint(Number.parseInt(code, 16));
      for (const email of [`a${hidden}da@example.com`, `ada@exam${hidden}ple.com`]) {
        expect(read(email)).toMatchObject({ errors: [{ message: expect.stringContaining("by hand") }] });
      }
    },
  );
});
