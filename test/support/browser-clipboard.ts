import type { Page } from "playwright-core";

/** What is in the clipboard, pasted into a page that is none of ours: ours may write there, not read. */
export async function pasted({ page }: { page: Page }): Promise<string> {
  const elsewhere = await page.context().newPage();
  await elsewhere.setContent("<textarea></textarea>");
  const field = elsewhere.locator("textarea");
  await field.focus();
  await elsewhere.keyboard.press("ControlOrMeta+v");
  const text = await field.inputValue();
  await elsewhere.close();
  return text;
}
