// Opens a report of `audit --format html` as its readers do: with a keyboard, in the dark, on paper, on a phone,
// without scripts, without a network. Prints what it saw; the first thing that is not so ends it with 1.
//
//   node page.mjs REPORT.html [--screenshots DIR]

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [file, option, screenshots] = process.argv.slice(2);
assert(file && (!option || (option === "--screenshots" && screenshots)), "usage: page.mjs REPORT.html [--screenshots DIR]");
const page_url = pathToFileURL(path.resolve(file)).href;
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PHONE = { width: 375, height: 740 };
const LAPTOP = { width: 1366, height: 800 };
const SIZES = [["phone", PHONE], ["laptop", LAPTOP]];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // A container's root has no sandbox of the browser's; the page is ours.
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** Opens the page, and hears of everything that it says or asks for. */
async function opened(options, use) {
  const context = await browser.newContext({ offline: true, ...options });
  const page = await context.newPage();
  const heard = [];
  page.on("console", (message) => heard.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => heard.push(`error: ${error}`));
  page.on("request", (request) => { if (request.url() !== page_url) heard.push(`request: ${request.url()}`); });
  await page.goto(page_url);
  await use(page);
  assert.deepEqual(heard, [], "the page complains of nothing and asks for nothing");
  await context.close();
}

const rows = (page) => page.locator("#findings-table tbody tr");
const shown = (page) => page.locator("#findings-table tbody tr:visible").count();

async function check(what, run) {
  await run();
  console.log(`ok: ${what}`);
}

async function accessible(page) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run());
  const told = result.violations.map((it) => `${it.id}: ${it.help}: ${it.nodes.map((node) => node.html.slice(0, 200)).slice(0, 3).join(" ")}`);
  assert.deepEqual(told, [], "axe finds nothing");
  assert(result.passes.length > 10, "axe looked at the page");
}

try {
  for (const [name, viewport] of SIZES) await check(`search and filters work by keyboard alone: ${name}`, () => opened({ viewport }, async (page) => {
    const all = await rows(page).count();
    assert(all > 3, "there are findings to search");
    assert.equal(await shown(page), all);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    const word = (await rows(page).last().locator(".rule").textContent()).trim();
    await page.keyboard.type(word.toUpperCase());
    const found = await shown(page);
    const findings = await rows(page).evaluateAll((all) => all.filter((row) => !row.hidden).reduce((sum, row) => sum + Number(row.dataset.findings), 0));
    assert(found > 0 && found < all, `${found} of ${all} have ${word}`);
    assert.match(await page.locator("#shown").textContent(), new RegExp(`^${findings} of \\d+ findings shown$`));
    await page.keyboard.type(" no-such-word");
    assert.equal(await shown(page), 0);
    await page.keyboard.press("Escape");
    assert.equal(await shown(page), all);

    // Every control can be reached by Tab, the severities first or later, and obeys the space bar.
    const errors = await page.locator('#findings-table tr[data-severity="error"]').count();
    assert(errors > 0 && errors < all, "there are errors, and others");
    await page.keyboard.press("/");
    const reached = [];
    for (let presses = 0; presses < 12; presses += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const it = document.activeElement;
        return it.name === "severity" ? `severity ${it.value}` : it.id;
      });
      reached.push(at);
      if (at === "severity warning" || at === "severity info") await page.keyboard.press("Space");
      if (at === "reset") break;
    }
    for (const control of ["rule", "place", "severity error", "severity warning", "severity info", "reset"]) {
      assert(reached.includes(control), `Tab reaches ${control}: ${reached}`);
    }
    assert.equal(await shown(page), errors);
    await page.keyboard.press("Enter");
    assert.equal(await shown(page), all);
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");

    await page.locator("#rule").focus();
    await page.keyboard.press("ArrowDown");
    const rule = await page.locator("#rule").inputValue();
    assert(rule, "an arrow chooses a rule");
    assert.equal(await shown(page), await page.locator(`#findings-table tr[data-rule="${rule}"]`).count());
  }));

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of SIZES) {
      await check(`axe is content: ${colorScheme}, ${name}`, () => opened({ viewport, colorScheme, bypassCSP: true }, async (page) => {
        await page.evaluate(() => document.querySelectorAll("details").forEach((it) => { it.open = true; }));
        await accessible(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert(wide <= 0, `the page is ${wide} pixels too wide`);
      }));
    }
  }

  await check("on paper everything is open, and nothing is there to click", () => opened({ viewport: LAPTOP }, async (page) => {
    await page.emulateMedia({ media: "print" });
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.locator("details:not([open])").count(), 0);
    assert(!(await page.locator("#controls").isVisible()), "no controls on paper");
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    assert((await page.pdf({ format: "A4" })).length > 10_000);
  }));

  await check("without scripts all findings are there", () => opened({ viewport: LAPTOP, javaScriptEnabled: false }, async (page) => {
    assert.equal(await shown(page), await rows(page).count());
    assert(!(await page.locator("#controls").isVisible()), "no controls that do nothing");
  }));

  if (screenshots) {
    fs.mkdirSync(screenshots, { recursive: true });
    for (const [name, options] of [
      ["phone", { viewport: PHONE }],
      ["phone-dark", { viewport: PHONE, colorScheme: "dark" }],
      ["laptop", { viewport: LAPTOP }],
      ["laptop-dark", { viewport: LAPTOP, colorScheme: "dark" }],
      ["print", { viewport: { width: 794, height: 1123 } }],
    ]) {
      await opened(options, async (page) => {
        if (name === "print") await page.emulateMedia({ media: "print" });
        await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
      });
    }
    console.log(`screenshots: ${screenshots}`);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await browser.close();
}
