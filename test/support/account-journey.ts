import type { Browser } from "playwright-core";
import { openBrowser } from "./browser";
import { Authenticator, readQrCode } from "./browser-authenticator";
import { pasted } from "./browser-clipboard";
import type { Hand } from "./browser-hand";
import { journey } from "./browser-journey";
import type { Program } from "./browser-program";
import { Screen, textOf } from "./browser-screen";
import { curl, hasCurl, skippedWithoutCurl } from "./curl";
import { until } from "./until";

const EMAIL = "ada@example.com";
const PASSWORD = "Sunshine-Harbour-42";
const TIMEOUTS = ["15 minutes", "30 minutes", "1 hour", "2 hours", "4 hours", "8 hours", "90 days"];

const REFUSED_PHONES = [
  ["555 123 4567 x5678", "more than 16 characters", "Use at most 16 characters: this has 18"],
  ["555-1234 ext5678", "an extension after 'ext'", "Write the extension as x5678, without 'ext'"],
  [
    "555-1234 x 5678",
    "a space after the x",
    "Write the extension directly after the x, as x5678, without a space",
  ],
  ["555-CALL", "letters", "Use digits, with spaces, periods or hyphens between them: 'C' can't be used"],
  ["x5678", "an extension alone", "Write the phone number before the extension, as in 555-1234 x5678"],
  ["555-1234 x", "an x without an extension", "Write the digits of the extension after the x, as in x5678"],
  [
    "555x5678 1234",
    "digits behind the extension",
    "Put the extension at the end, as x and its digits: x5678",
  ],
  ["555+1234", "a + in the middle", "Use + only as the first character, before the country code"],
] as const;

const ACCEPTED_PHONES = [
  "5551234",
  "+1 555.123-4567",
  "555.123.4567",
  "555 1234 x5678",
  "555-1234x5678",
  "555 123 4567 x89",
];

/** Follows somebody through all that can be done with one account, in an installation of their own that `start` makes. */
export function describeJourney(
  words: string,
  { javaScriptEnabled, hand }: { javaScriptEnabled: boolean; hand: Hand },
  start: () => Promise<Program>,
): void {
  describe(`the whole journey of an account, ${words}`, () => {
    let program: Program;
    let browser: Browser;
    let screen: Screen;
    let stopped = false;

    let first: Authenticator;
    let second: Authenticator;
    let firstRecoveryCodes: string[];
    let recoveryCodes: string[];
    let key: string;
    let newKey: string;

    const step = journey(() => screen);
    // The server decides what is refused, so without a script the first two of a kind tell as much as all of them.
    const sample = <T>(all: readonly T[]) => (javaScriptEnabled ? all : all.slice(0, 2));
    const withCurl = hasCurl ? step : step.skip;

    beforeAll(async () => {
      program = await start();
      browser = await openBrowser();
      const context = await browser.newContext({ javaScriptEnabled });
      await context.grantPermissions(["clipboard-write"], { origin: program.origin });
      screen = await Screen.open(context, program.origin, hand);
    });

    afterAll(async () => {
      await browser?.close();
      if (!stopped) await program?.stop();
    });

    /** Looks at the profile until it says this: who called another replica is there within two seconds. */
    async function profileSays(part: () => Promise<string>, words: string): Promise<void> {
      const look = async () => {
        await screen.visit("/profile");
        return (await part()).includes(words);
      };
      await until(`the profile says ${words}`, look, 4_000);
    }

    /** Email and password, from the sign-in page on. */
    async function givePassword(): Promise<void> {
      await screen.fill({ Email: EMAIL, Password: PASSWORD });
      await screen.press("Sign in");
      expect(screen.path).toBe("/sign-in/two-factor");
    }

    async function signOut(): Promise<void> {
      await screen.press("Sign out");
      expect(screen.path).toBe("/sign-in");
      expect(await screen.words()).toContain("You have signed out");
    }

    async function shownRecoveryCodes(): Promise<string[]> {
      const codes = (await screen.words()).match(/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/g) ?? [];
      expect(new Set(codes).size).toBe(10);
      return codes;
    }

    async function shownKey(): Promise<string> {
      const shown = await screen.field("API key").inputValue();
      expect(shown).toMatch(/^lk[A-Za-z0-9]{46}$/);
      return shown;
    }

    /** How the endpoint for programs answers this key: the status, and how many bytes of body came with it. */
    async function verify(
      apiKey: string,
      client = "web-app/1.0",
    ): Promise<{ status: number; bytes: number }> {
      const credentials = Buffer.from(`${EMAIL}:${apiKey}`).toString("base64");
      const answer = await fetch(`${program.origin}/v1/authentication/verify`, {
        headers: { authorization: `Basic ${credentials}`, "user-agent": client },
      });
      return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
    }

    describe("set-up", () => {
      step(
        "leads from any page to the sign-in page, which says that set-up is pending and where to look",
        async () => {
          for (const address of ["/", "/profile", "/profile/two-factor/reset", "/no-such-page"]) {
            await screen.visit(address);
            expect(screen.path).toBe("/sign-in");
            expect(await screen.words()).toContain("Set-up is pending");
            expect(await screen.words()).toContain("/setup?token=");
          }
        },
      );

      step(
        "creates the first administrator at the address in the log, who is taken to enrolment",
        async () => {
          await screen.visit(program.setUpAddress);
          await screen.fill({
            "First Name": "Ada",
            "Last Name": "Lovelace",
            Email: EMAIL,
            Password: PASSWORD,
          });
          await screen.press("Create administrator");
          expect(screen.path).toBe("/two-factor/enrol");
          await screen.visit("/profile");
          expect(screen.path).toBe("/two-factor/enrol");
        },
      );

      step(
        "shows a QR code that an authenticator can read, and behind a disclosure the same key to type",
        async () => {
          first = await Authenticator.scan(screen.page);
          expect(first.issuer).toBe("Latchkey");
          expect(first.label).toContain(EMAIL);
          expect(await screen.words()).not.toContain(first.secret);
          await hand.use(screen.page.getByText("Can't scan the QR code?", { exact: true }));
          expect((await screen.words()).replaceAll(" ", "")).toContain(first.secret);
        },
      );

      step("keeps the QR code on the page after a wrong code", async () => {
        await screen.fill({ "One-time code": first.wrongCode() });
        await screen.press("Verify");
        expect(screen.status).toBe(422);
        expect(await screen.words()).toContain("That code is not right");
        expect((await Authenticator.scan(screen.page)).secret).toBe(first.secret);
      });

      step("enrols by a code of that authenticator, and shows ten recovery codes", async () => {
        await screen.fill({ "One-time code": await first.code() });
        await screen.press("Verify");
        firstRecoveryCodes = await shownRecoveryCodes();
      });

      if (javaScriptEnabled) {
        step("copies the recovery codes by Copy", async () => {
          await hand.use(screen.button("Copy"));
          await screen.button("Copied").waitFor();
          const copied = await pasted(screen);
          expect(copied.trim().split(/\s+/)).toEqual(firstRecoveryCodes);
        });
      }

      step("goes on to the profile, where the recovery codes are no more, nor by Back", async () => {
        await screen.press("Done");
        expect(screen.path).toBe("/profile");
        expect(await screen.everything()).not.toContain(firstRecoveryCodes[0]);
        await screen.back();
        expect(await screen.everything()).not.toContain(firstRecoveryCodes[0]);
      });

      step.aside(
        "is not said to have failed when the page of the recovery codes is loaded again",
        async () => {
          await screen.reload();
          expect(await screen.words()).not.toContain("nothing was changed");
          expect(await screen.everything()).not.toContain(firstRecoveryCodes[0]);
        },
      );

      step("is gone once there is an account", async () => {
        await screen.visit(program.setUpAddress);
        expect(screen.status).toBe(404);
        expect(await screen.button("Create administrator").count()).toBe(0);
      });
    });

    describe("the profile", () => {
      step("is reached by the link with the person's name", async () => {
        await screen.visit("/profile/two-factor/recovery-codes");
        await screen.follow("Ada Lovelace");
        expect(screen.path).toBe("/profile");
        expect(await screen.field("First Name").inputValue()).toBe("Ada");
        expect(await screen.field("Last Name").inputValue()).toBe("Lovelace");
        expect(await textOf(screen.field("Email"))).toBe(EMAIL);
      });

      for (const [typed, what, message] of sample(REFUSED_PHONES)) {
        step(
          `refuses a phone number with ${what}, saying what to write, and keeps what was typed`,
          async () => {
            await screen.fill({ "First Name": "Augusta", "Phone Number": typed });
            await screen.press("Save Changes");
            expect(screen.status).toBe(422);
            expect(await screen.title()).toMatch(/^Error: /);
            const summary = screen.page.getByRole("alert");
            expect(await summary.getByRole("link").allInnerTexts()).toEqual([message]);
            expect(await screen.focus()).toContain(message);
            expect(await screen.page.getByText(message).count()).toBe(2);
            expect(await screen.field("Phone Number").inputValue()).toBe(typed);
            expect(await screen.field("First Name").inputValue()).toBe("Augusta");
            await hand.use(summary.getByRole("link", { name: message }));
            expect(await screen.focus()).toBe("Phone Number");
          },
        );
      }

      step("has saved nothing of what was refused", async () => {
        await screen.follow("Ada Lovelace");
        expect(await screen.field("First Name").inputValue()).toBe("Ada");
        expect(await screen.field("Phone Number").inputValue()).toBe("");
      });

      for (const phone of sample(ACCEPTED_PHONES)) {
        step(`accepts the phone number ${phone} and still shows it afterwards, as typed`, async () => {
          await screen.fill({ "Phone Number": phone });
          await screen.press("Save Changes");
          expect(screen.path).toBe("/profile");
          expect(await screen.focus()).toBe("Saved: Phone Number.");
          await screen.reload();
          expect(await screen.words()).not.toContain("Saved:");
          expect(await screen.field("Phone Number").inputValue()).toBe(phone);
        });
      }

      step("lets the phone number be taken away again", async () => {
        await screen.fill({ "Phone Number": "" });
        await screen.press("Save Changes");
        expect(await screen.words()).toContain("Saved: Phone Number.");
        expect(await screen.field("Phone Number").inputValue()).toBe("");
      });

      step("offers seven session timeouts, of which 30 minutes is chosen at first", async () => {
        const list = screen.field("Session Timeout");
        expect((await list.locator("option").allInnerTexts()).map((text) => text.trim())).toEqual(TIMEOUTS);
        expect(await textOf(list.locator("option:checked"))).toBe("30 minutes");
        expect(await screen.words()).toMatch(/90 days is for .*security policy/);
      });

      for (const timeout of sample(TIMEOUTS)) {
        step(`saves a session timeout of ${timeout} and still shows it afterwards`, async () => {
          // 30 minutes is what it was already when its turn comes, unless another one was saved first.
          await screen.choose("Session Timeout", timeout);
          await screen.press("Save Changes");
          expect(await screen.words()).toContain("Saved: Session Timeout.");
          await screen.reload();
          const chosen = screen.field("Session Timeout").locator("option:checked");
          expect(await textOf(chosen)).toBe(timeout);
        });
      }
    });

    describe("the API key", () => {
      step("is shown once, in full, when it is generated", async () => {
        await screen.press("Generate API Key");
        key = await shownKey();
      });

      if (javaScriptEnabled) {
        step("goes to the clipboard by Copy", async () => {
          await hand.use(screen.button("Copy"));
          await screen.button("Copied").waitFor();
          expect(await pasted(screen)).toBe(key);
        });
      } else {
        step("offers no button Copy, which could not do anything", async () => {
          expect(await screen.button("Copy").isVisible()).toBe(false);
        });
      }

      step("is accepted at once, with an empty answer", async () => {
        expect(await verify(key)).toEqual({ status: 200, bytes: 0 });
      });

      withCurl(
        `is accepted from curl, by GET and by HEAD, at both addresses${skippedWithoutCurl}`,
        async () => {
          for (const address of ["/v1/authentication/verify", "/authentication/verify"]) {
            const url = program.origin + address;
            const report = ["-w", "%{http_code} %{size_download}"];
            expect(await curl(EMAIL, key, ...report, url)).toBe("200 0");
            const head = await curl(EMAIL, key, "-I", url);
            expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
            expect(head).not.toMatch(/^set-cookie/im);
          }
        },
      );

      step("is neither doubled nor ended by reloading the page: that says nothing was changed", async () => {
        await screen.reload();
        expect(screen.status).toBe(409);
        expect(await screen.heading()).toBe("Nothing was changed");
        expect(await screen.words()).toContain(key.slice(0, 10));
        expect(await screen.everything()).not.toContain(key);
        expect((await verify(key)).status).toBe(200);
        await screen.press("Go to your profile");
        expect(await screen.words()).toContain(`Your key begins with ${key.slice(0, 10)}`);
        expect(await screen.button("Generate API Key").count()).toBe(0);
      });

      step("shows on the profile who has called with it", async () => {
        await verify(key, "forgotten-script/1.0");
        const callers = () => textOf(screen.page.getByRole("table"));
        await profileSays(callers, "forgotten-script");
        await profileSays(callers, "web-app");
      });

      step("is not regenerated by looking at the warning and going back by Cancel", async () => {
        await screen.press("Regenerate API Key");
        expect(screen.path).toBe("/profile/api-key/regenerate");
        expect(await screen.words()).toContain("stops working at once");
        expect(await textOf(screen.page.getByRole("table"))).toContain("forgotten-script");
        await screen.press("Cancel");
        expect(screen.path).toBe("/profile");
        expect((await verify(key)).status).toBe(200);
      });

      step(
        "is replaced when it is regenerated: the old key is refused at once, the new one accepted",
        async () => {
          await screen.press("Regenerate API Key");
          await screen.press("Regenerate API Key");
          newKey = await shownKey();
          expect(newKey).not.toBe(key);
          expect(await verify(key)).toEqual({ status: 401, bytes: 0 });
          expect(await verify(newKey)).toEqual({ status: 200, bytes: 0 });
        },
      );

      if (javaScriptEnabled) {
        // No headless Chromium keeps whole pages, and none keeps the answer to a POST; others do, and tell the page by this event.
        step.aside("leaves the page with the person, where browsers keep whole pages for Back", async () => {
          expect(await screen.everything()).toContain(newKey);
          await screen.page.evaluate(
            "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))",
          );
          await screen.page.evaluate(
            "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))",
          );
          expect(await screen.everything()).not.toContain(newKey);
          expect(await screen.button("Copy").isVisible()).toBe(false);
        });
      }

      step("comes back neither by Back after Done, nor by reloading what Back shows", async () => {
        await screen.press("Done");
        expect(screen.path).toBe("/profile");
        expect(await screen.everything()).not.toContain(newKey);
        await screen.back();
        expect(await screen.everything()).not.toContain(newKey);
        await screen.reload();
        expect(await screen.heading()).toBe("Nothing was changed");
        expect(await screen.everything()).not.toContain(newKey);
        expect((await verify(newKey)).status).toBe(200);
        await screen.back();
        expect(await screen.everything()).not.toContain(newKey);
      });

      step(
        "tells on the profile who has come over to the new key and who still calls with the dead one",
        async () => {
          expect((await verify(key, "forgotten-script/1.0")).status).toBe(401);
          const caller = (name: string) =>
            textOf(
              screen.page
                .getByRole("table")
                .filter({ hasText: `Who used the key ${key.slice(0, 10)}` })
                .getByRole("row")
                .filter({ hasText: name }),
            );
          await profileSays(() => caller("web-app"), "Has come over");
          await profileSays(() => caller("forgotten-script"), "Still calls with the dead key");
        },
      );

      step("stays when Revoke is answered by Cancel", async () => {
        await screen.press("Revoke");
        expect(screen.path).toBe("/profile/api-key/revoke");
        await screen.press("Cancel");
        expect(screen.path).toBe("/profile");
        expect((await verify(newKey)).status).toBe(200);
      });

      step("is refused at once when it is revoked, and another one can be generated", async () => {
        await screen.press("Revoke");
        await screen.press("Revoke");
        expect(screen.path).toBe("/profile");
        expect(await screen.words()).toContain("is revoked");
        expect(await verify(newKey)).toEqual({ status: 401, bytes: 0 });
        expect(await screen.button("Generate API Key").count()).toBe(1);
        expect(await screen.button("Revoke").count()).toBe(0);
      });
    });

    describe("two-factor authentication", () => {
      let half: Authenticator;

      step(
        "asks for a reset the password again where that is due, and then goes on to the reset",
        async () => {
          await screen.visit("/confirm-password?return=/profile/two-factor/reset");
          await screen.fill({ Password: "not my password" });
          await screen.press("Confirm");
          expect(screen.status).toBe(422);
          expect(await screen.field("Password").inputValue()).toBe("");
          await screen.fill({ Password: PASSWORD });
          await screen.press("Confirm");
          expect(screen.path).toBe("/profile/two-factor/reset");
        },
      );

      step("shows another QR code to reset it, which a wrong code and a reload keep", async () => {
        await screen.follow("Ada Lovelace");
        await screen.press("Reset Two-Factor Authentication");
        expect(screen.path).toBe("/profile/two-factor/reset");
        const uri = await readQrCode(screen.page);
        half = await Authenticator.scan(screen.page);
        expect(half.secret).not.toBe(first.secret);
        await screen.fill({ "One-time code": half.wrongCode() });
        await screen.press("Verify");
        expect(screen.status).toBe(422);
        expect(await screen.title()).toMatch(/^Error: /);
        expect(await screen.field("One-time code").inputValue()).toBe("");
        expect(await readQrCode(screen.page)).toBe(uri);
        await screen.visit("/profile/two-factor/reset");
        expect(await readQrCode(screen.page)).toBe(uri);
      });

      step(
        "is unchanged when the reset is left half-way: the old authenticator signs in, to the page asked for",
        async () => {
          await screen.follow("Ada Lovelace");
          await signOut();
          await screen.visit("/profile/two-factor/reset");
          expect(screen.path).toBe("/sign-in");
          await givePassword();
          await screen.fill({ "One-time code": await half.code() });
          await screen.press("Verify");
          expect(screen.status).toBe(422);
          expect(await screen.words()).toContain("That code is not right");
          await screen.fill({ "One-time code": await first.code() });
          await screen.press("Verify");
          expect(screen.path).toBe("/profile/two-factor/reset");
        },
      );

      step("is reset by a code of the new authenticator, and the recovery codes are replaced", async () => {
        second = await Authenticator.scan(screen.page);
        await screen.fill({ "One-time code": await second.code() });
        await screen.press("Verify");
        recoveryCodes = await shownRecoveryCodes();
        expect(recoveryCodes.filter((code) => firstRecoveryCodes.includes(code))).toEqual([]);
        await screen.press("Done");
        expect(screen.path).toBe("/profile");
        expect(await screen.words()).toContain("You have 10 unused recovery codes");
        await signOut();
      });

      step("no longer accepts a code of the old authenticator, and accepts the new one's", async () => {
        await screen.visit("/sign-in");
        await givePassword();
        await screen.fill({ "One-time code": await first.code() });
        await screen.press("Verify");
        expect(screen.status).toBe(422);
        expect(await screen.words()).toContain("That code is not right");
        const code = await second.code();
        await screen.fill({ "One-time code": code });
        await screen.press("Verify");
        expect(screen.path).toBe("/profile");
        await signOut();
        await givePassword();
        await screen.fill({ "One-time code": code });
        await screen.press("Verify");
        expect(screen.status).toBe(422);
        expect(await screen.words()).toContain("That code has been used already");
      });

      step("takes a recovery code instead, and says how many are left", async () => {
        await screen.follow("Use a recovery code");
        expect(screen.path).toBe("/sign-in/recovery-code");
        await screen.fill({ "Recovery code": firstRecoveryCodes[0] ?? "" });
        await screen.press("Verify");
        expect(screen.status).toBe(422);
        await screen.fill({ "Recovery code": recoveryCodes[0] ?? "" });
        await screen.press("Verify");
        expect(screen.path).toBe("/profile");
        expect(await screen.words()).toContain("You used a recovery code and have 9 recovery codes left");
        await signOut();
      });

      step("takes each recovery code once", async () => {
        await givePassword();
        await screen.follow("Use a recovery code");
        await screen.fill({ "Recovery code": recoveryCodes[0] ?? "" });
        await screen.press("Verify");
        expect(screen.status).toBe(422);
        expect(await screen.words()).toContain("has been used already");
        await screen.fill({ "Recovery code": (recoveryCodes[1] ?? "").toLowerCase().replaceAll("-", " ") });
        await screen.press("Verify");
        expect(await screen.words()).toContain("have 8 recovery codes left");
        await signOut();
      });
    });

    describe("afterwards", () => {
      step("there was no error in the browser's console, and nothing was asked of another host", async () => {
        expect(screen.troubles).toEqual([]);
      });

      if (javaScriptEnabled) {
        step("a script that got in could write no HTML into a page", async () => {
          const written = screen.page.evaluate("document.body.innerHTML = '<b>from a script</b>'");
          await expect(written).rejects.toThrow("requires 'TrustedHTML' assignment");
        });
      }

      step(
        "the program stops when it is asked to, and its log holds no password, secret, code or key",
        async () => {
          await program.stop();
          stopped = true;
          const log = program.log();
          const secrets = [
            PASSWORD,
            first.secret,
            second.secret,
            key,
            newKey,
            ...firstRecoveryCodes,
            ...recoveryCodes,
          ];
          expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
          expect(log).toContain("/profile/api-key/regenerate");
        },
      );
    });
  });
}
