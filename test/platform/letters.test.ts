import * as letters from "../../src/platform/letters";

const wordsOf = ({ paragraphs }: { paragraphs: string[] }) => paragraphs.join(" ");

describe("the letter about a password", () => {
  it("set through a link says that all sessions ended; a changed one that the others did", () => {
    expect(wordsOf(letters.passwordChanged("reset"))).toContain("You are signed out everywhere");
    expect(wordsOf(letters.passwordChanged("reset"))).not.toContain("other sessions");
    expect(wordsOf(letters.passwordChanged("changed"))).toContain("Your other sessions have ended");
  });

  it.each(["changed", "reset"] as const)("that was %s shows a way in to somebody locked out", (how) => {
    const { subject, paragraphs } = letters.passwordChanged(how);
    expect(subject).toBe("Your password was changed");
    expect(paragraphs.join(" ")).toContain("“Forgotten your password?” on the sign-in page");
    expect(paragraphs.join(" ")).not.toContain("change your password");
  });
});

describe("the letter about two-factor authentication", () => {
  it("says of the recovery codes, too, that the old ones are over, whoever reset it", () => {
    expect(wordsOf(letters.authenticatorReplaced())).toContain(
      "new recovery codes took the place of the old ones",
    );
    for (const by of ["An administrator", "The operator of the server"] as const) {
      const words = wordsOf(letters.secondFactorReset(by));
      expect(words).toContain(`${by} reset two-factor authentication`);
      expect(words).toContain("Your authenticator and your recovery codes no longer work");
    }
  });

  it("whose recovery codes were replaced tells how to replace those of a stranger", () => {
    expect(wordsOf(letters.recoveryCodesReplaced())).toContain("get new recovery codes at once");
  });
});

describe("the letter about an email that is to change", () => {
  it("says that the change is confirmed at the link, and how to end the link", () => {
    const { subject, paragraphs } = letters.emailChangeAsked("new@example.com");
    expect(subject).toBe("Your email address is about to change");
    expect(paragraphs.join(" ")).toContain("once somebody opens the link sent there and confirms it");
    expect(paragraphs.join(" ")).toContain("change your password at once: that ends the link");
    const asked = letters.emailChange("https://desk.example/profile/email/confirm?token=x");
    expect(asked.paragraphs.join(" ")).toContain("once you open the link and confirm it there");
  });
});
