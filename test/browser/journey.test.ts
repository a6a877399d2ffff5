import { describeJourney } from "../support/account-journey";
import { byKeyboard, byMouse } from "../support/browser-hand";
import { startProgram } from "../support/browser-program";

describeJourney("with JavaScript", { javaScriptEnabled: true, hand: byMouse }, startProgram);
describeJourney(
  "without JavaScript, by keyboard alone",
  { javaScriptEnabled: false, hand: byKeyboard },
  startProgram,
);
