// Opens web pages as a reader would and prints what an accessibility checker and the page itself say, as JSON.
// Usage: node browse.mjs MODULES CHROMIUM JOBS.json

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, executablePath, jobs] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "EN-301-549", "best-practice"];
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const browser = await chromium.launch({ executablePath, args, headless: true });

const look = async (job) => {
  const context = await browser.newContext({
    bypassCSP: true, javaScriptEnabled: job.scripts, viewport: { width: job.width, height: 900 },
  });
  const page = await context.newPage();
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(job.url);
  const told = { name: job.name, asked, text: await page.locator("main").innerText() };
  told.form = await page.locator("#filter").isVisible();
  if (job.scripts) {
    for (const code of job.untick ?? []) await page.locator(`#filter input[value="${code}"]`).uncheck();
    told.shown = await page.locator("main").innerText();
    told.status = told.form ? await page.locator("#filter [role=status]").textContent() : "";
    told.columns = await page.evaluate(() => [...document.querySelectorAll("tbody tr:not([hidden])")].map(
      (row) => [row.closest("table").tHead.rows[0].cells.length, row.cells.length, row.closest("tbody").rows.length],
    ));
    told.wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    await page.evaluate(axe);
    const found = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), tags);
    told.passes = found.passes.length;
    told.violations = found.violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html.slice(0, 200)}`);
  }
  await context.close();
  return told;
};

const all = [];
for (const job of JSON.parse(readFileSync(jobs, "utf-8"))) all.push(await look(job));
await browser.close();
process.stdout.write(JSON.stringify(all));
