import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../support/browser";
import { caught, exec, mailboxOf } from "../support/mailbox";
import { pngOf } from "../support/png";
import { ensureHost, PACKAGE, request, Sandbox } from "../support/sandbox";

jest.setTimeout(300_000);

/** With DOCKSTAGE_SCREENSHOTS set (`npm run screenshots`) the README's pictures are made anew. */
const IMAGES = process.env["DOCKSTAGE_SCREENSHOTS"] ? join(PACKAGE, "docs", "images") : undefined;

async function keep(page: Page, name: string): Promise<void> {
  if (IMAGES === undefined) return;
  mkdirSync(IMAGES, { recursive: true });
  const path = join(IMAGES, `${name}.png`);
  await page.screenshot({ path });
  expect(statSync(path).size).toBeLessThan(150_000);
}

describe("a person with a browser", () => {
  const sandbox = new Sandbox("guestbook");
  let browser: Browser;
  let page: Page;
  let url = "";
  let inbox = "";

  beforeAll(async () => {
    browser = await openBrowser();
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB" });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    ensureHost();
    sandbox.copy("examples/guestbook");
    const file = join(sandbox.app, "dockstage.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^name: .*$/m, `name: ${sandbox.project}`));
    await sandbox.init();
    await sandbox.mustUp();
    inbox = await mailboxOf(sandbox);
    url = inbox.replace("://mail.", "://");
  });
  afterAll(async () => {
    await browser.close();
    await sandbox.clean();
  });

  test("signs the guestbook with a picture, and sees its thumbnail", async () => {
    const picture = join(sandbox.folder, "hills.png");
    pngOf(picture, 960, 600);
    await page.goto(url);
    await page.getByLabel("Your name").fill("Happy hikers");
    await page.getByLabel("Your message").fill("What a view! We walked all day and will be back in spring.");
    await page.getByLabel("Your e-mail").fill("hikers@example.org");
    await page.getByLabel("A picture").setInputFiles(picture);
    await page.getByRole("button", { name: "Sign the guestbook" }).click();
    await page.getByRole("status").getByText("Thank you for your entry.").waitFor();
    const entry = page.getByRole("article").filter({ hasText: "What a view!" });
    const thumbnail = entry.getByRole("img", { name: "Picture from Happy hikers" });
    // The worker makes it; the page is looked at again until it is there.
    while (!(await thumbnail.isVisible())) {
      await page.waitForTimeout(300);
      await page.goto(url);
    }
    await page.waitForFunction("[...document.images].every(({ complete }) => complete)");
    const width = await page.evaluate<number>(`document.querySelector("img[alt='Picture from Happy hikers']").naturalWidth`);
    // Decoded, and smaller than what was uploaded.
    expect(width).toBeGreaterThan(0);
    expect(width).toBeLessThan(960);
    await keep(page, "guestbook");
  });

  test("opens the mailbox and reads the mail", async () => {
    await page.goto(inbox);
    await page.getByText("To: hikers@example.org").click();
    // The text of the mail, with the entry as it was signed, and a link to the guestbook.
    await page.getByText("> What a view! We walked all day").waitFor();
    await page.getByText(`${url}/`).waitFor();
    await keep(page, "mailbox");
  });

  test("sees a mail that comes while the mailbox loads", async () => {
    let held = false;
    await page.route("**/email", async (route) => {
      const before = await request(`${inbox}/email`);
      if (!held) {
        held = true;
        const sent = await exec(
          sandbox,
          "web",
          "sh",
          "-c",
          "printf 'To: late@example.org\\nSubject: Late\\n\\nHello\\n' | sendmail late@example.org",
        );
        expect(sent).toEqual(expect.objectContaining({ code: 0 }));
        expect(await caught(inbox, "Late", ({ length }) => length > 0)).toHaveLength(1);
      }
      await route.fulfill({ status: before.status, contentType: "application/json", body: before.body });
    });
    // Another address, so that the page is loaded and not only another place in it gone to.
    await page.goto("about:blank");
    await page.goto(inbox);
    await page.getByText("To: late@example.org").waitFor();
    expect(held).toBe(true);
  });
});
