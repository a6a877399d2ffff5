import { makeRecoveryCodes, normaliseRecoveryCode } from "../../src/base/recovery-code";

describe("a set of recovery codes", () => {
  it("is ten different codes of 12 letters and digits that cannot be misread", () => {
    const codes = makeRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
  });
});

describe("a typed recovery code", () => {
  it.each(["7K2M-QX4T-9DHW", "7k2mqx4t9dhw", " 7K2M QX4T 9DHW ", "7k2m--qx4t-9dhw"])(
    "%j is one and the same",
    (typed) => {
      expect(normaliseRecoveryCode(typed)).toBe("7K2MQX4T9DHW");
    },
  );

  it("may have O for 0 and I or L for 1", () => {
    expect(normaliseRecoveryCode("OIL0-1111-0000")).toBe("011011110000");
  });

  it.each(["", "7K2M-QX4T", "7K2M-QX4T-9DHW-1", "7K2M-QX4T-9DHU", "ééééééééééé"])(
    "%j cannot be one",
    (typed) => {
      expect(normaliseRecoveryCode(typed)).toBeUndefined();
    },
  );
});
