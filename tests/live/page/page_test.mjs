// SPDX-License-Identifier: Apache-2.0
// A person at the page, in Chromium: signs in, reads why, approves, denies, halts, and is refused what is not theirs.
// usage: node page_test.mjs SETTINGS.json    Ends with the line `N passed, N failed, N skipped`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const settings = JSON.parse(readFileSync(process.argv[2]));
const { chromium } = createRequire(join(settings.modules, 'package.json'))('playwright-core');

const DECIDE_MS = 240_000, HEAL_MS = 60_000, SHOW_MS = 10_000;
const DESKTOP = { width: 1280, height: 900 }, PHONE = { width: 390, height: 844 };
const counts = { passed: 0, failed: 0 };
const foreign = [], complaints = [];
let n_shots = 0;

class Stop extends Error {}

function demand(condition, words) {
  if (!condition) throw new Error(words);
}

// A step that the next ones rest on.
async function step(words, body) {
  try {
    await body();
  } catch (problem) {
    counts.failed++;
    console.log(`failed  ${words}: ${problem.message}`);
    throw new Stop();
  }
  counts.passed++;
  console.log(`passed  ${words}`);
}

async function wait(what, ms, words) {
  for (const until = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, 300))) {
    const value = await what();
    if (value) return value;
    if (Date.now() >= until) throw new Error(words);
  }
}

const champion = async (model) => {
  const answer = await fetch(`${settings.mlflow}/api/2.0/mlflow/registered-models/alias?name=${model}&alias=champion`);
  return Number((await answer.json()).model_version.version);
};

// What a release pipeline does.
async function release(model, version) {
  const send = (path, body) => fetch(`${settings.mlflow}/api/2.0/mlflow/${path}`,
    { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  await send('registered-models/alias', { name: model, alias: 'champion', version: String(version) });
  await send('model-versions/set-tag',
    { name: model, version: String(version), key: 'steward.deployed_at', value: String(Math.floor(Date.now() / 1000)) });
}

const command = (steward, word) => execFileSync(settings.program, [word, '-c', steward.file], { encoding: 'utf8', timeout: 30_000 });

// The whole page at both widths; at phone width nothing may stick out sideways, and every button is large enough for a thumb.
async function shoot(page, name) {
  const number = String(++n_shots).padStart(2, '0');
  for (const [suffix, size] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    await page.setViewportSize(size);
    await page.screenshot({ path: join(settings.shots, `${number}-${name}-${suffix}.png`), fullPage: true });
    const seen = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      low: [...document.querySelectorAll('button')].filter((button) => button.getBoundingClientRect().height < 40).length,
      scripts: document.scripts.length,
    }));
    demand(seen.wide <= 0, `${name}, ${suffix}: ${seen.wide} pixels too wide`);
    demand(seen.low === 0, `${name}, ${suffix}: ${seen.low} buttons too low`);
    demand(seen.scripts === 0, `${name}: there is a script`);
  }
  await page.setViewportSize(DESKTOP);
}

// Contrast of every text with what is behind it, as WCAG computes it.
const faint = (page) => page.evaluate(() => {
  const parts = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  return texts.map((element) => {
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 80)];
  }).filter(([ratio]) => ratio < 4.5).map(([ratio, html]) => `${ratio.toFixed(1)} ${html}`);
});

async function open(context, steward, person) {
  await context.clearCookies();
  const page = await context.newPage();
  await page.goto(steward.url + '/');
  demand(page.url().endsWith('/login'), `a stranger sees ${page.url()}`);
  await page.fill('#token', steward.tokens[person]);
  await page.click('text=Sign in');
  demand(page.url() === steward.url + '/', `not signed in: ${await page.textContent('body')}`);
  return page;
}

async function strangers(context, steward) {
  await step('a wrong token is refused, in words', async () => {
    const page = await context.newPage();
    await page.goto(steward.url + '/incident/1');
    demand(page.url().endsWith('/login'), `a stranger sees ${page.url()}`);
    await page.fill('#token', 'x'.repeat(32));
    const [answer] = await Promise.all([page.waitForNavigation(), page.click('text=Sign in')]);
    demand(answer.status() === 403, `status ${answer.status()}`);
    demand((await page.textContent('[role=alert]')).includes('not known'), 'it does not say why');
    await shoot(page, 'wrong-token');
    demand((await context.cookies()).length === 0, 'there is a cookie');
    await page.close();
  });
}

async function calm(context, steward) {
  await step('before an incident the page says that there is none', async () => {
    const page = await open(context, steward, 'olga');
    demand((await page.textContent('body')).includes('None yet.'), 'it does not');
    await shoot(page, 'calm');
    await page.close();
  });
}

// The incident's page, from the list, once something waits.
async function follow(page, steward, seen) {
  await wait(async () => {
    await page.goto(steward.url + '/');
    if (!seen.open && await page.locator('a[href="/incident/1"]').count()) {
      await page.goto(steward.url + '/incident/1');
      seen.open = true;
      await shoot(page, 'investigating');
      return false;
    }
    return page.locator('.approval').count();
  }, DECIDE_MS, 'nothing waits for approval');
}

async function approve(context, steward, model) {
  let page, incident;
  await step('the list shows what waits, with the exact effect', async () => {
    page = await open(context, steward, 'ada');
    await follow(page, steward, {});
    const card = await page.textContent('.approval');
    demand(card.includes(`ROLLBACK ${model} to version 1`), card);
    demand(card.includes('alias champion of ' + model + ' is set to version 1'), card);
    demand(/[0-9a-f]{32}/.test(card) && card.includes('approvals 0 of 1'), card);
    await shoot(page, 'waits');
  });
  await step('the incident shows why: cause, facts and the evidence that they rest on', async () => {
    await page.click('.approval a');
    incident = page.url();
    await shoot(page, 'incident');
    const words = await page.textContent('body');
    for (const wanted of ['bad model', 'quality low', 'decided', 'evidence #', 'telemetry:']) {
      demand(words.includes(wanted), `"${wanted}" is not there in ${await page.textContent('table')}`);
    }
  });
  await step('every text has contrast, by day and by night', async () => {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      const found = await faint(page);
      demand(found.length === 0, `${scheme}: ${found.join('; ')}`);
      if (scheme === 'dark') await shoot(page, 'incident-dark');
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });
  await step('who is no approver is told who is, and has no button', async () => {
    const other = await (await context.browser().newContext()).newPage();
    await other.goto(steward.url + '/login');
    await other.fill('#token', steward.tokens.olga);
    await other.click('text=Sign in');
    await other.waitForSelector('.approval');
    demand((await other.textContent('.approval')).includes('Only an approver can answer: ada.'), await other.textContent('.approval'));
    demand(await other.locator('button:text-is("Approve")').count() === 0, 'there is one');
    await other.context().close();
  });
  await step('a form without its secret word is refused, and nothing is changed', async () => {
    await page.evaluate(() => document.querySelectorAll('input[name=csrf]').forEach((input) => input.remove()));
    const [answer] = await Promise.all([page.waitForNavigation(), page.click('button:text-is("Approve")')]);
    demand(answer.status() === 403, `status ${answer.status()}`);
    await shoot(page, 'forged');
    demand(await champion(model) === 2, 'the alias moved');
    await page.goto(incident);
    demand(await page.locator('.approval').count() === 1, 'the request is gone');
  });
  await step('approved, the page shows by whom and what becomes of it, and the alias moves', async () => {
    await page.click('button:text-is("Approve")');
    demand(page.url() === incident, `the answer leads to ${page.url()}`);
    await wait(async () => (await page.goto(incident)) && /approved.*ada/.test(await page.textContent('table')), SHOW_MS, 'it does not say so');
    demand(await page.locator('.approval').count() === 0, 'it still waits');
    await wait(async () => await champion(model) === 1, HEAL_MS, 'the alias stays');
    await page.goto(incident);
    await shoot(page, 'approved');
  });
  await page.close();
}

async function deny(context, steward, model) {
  await step('denied, the request is gone, the page says by whom, and nothing was changed', async () => {
    const page = await open(context, steward, 'ada');
    await wait(async () => (await page.goto(steward.url + '/')) && page.locator('.approval').count(), DECIDE_MS, 'nothing waits for approval');
    await page.click('.approval a');
    const incident = page.url();
    await page.click('button:text-is("Deny")');
    await wait(async () => (await page.goto(incident)) && /denied.*ada/.test(await page.textContent('table')), SHOW_MS, 'it does not say so');
    demand(await page.locator('.approval').count() === 0, 'it still waits');
    await shoot(page, 'denied');
    demand(await champion(model) === 2, 'the alias moved');
    await page.close();
  });
}

async function halt(context, steward) {
  await step('halted on the page, everybody sees it and only an operator can resume', async () => {
    const page = await open(context, steward, 'olga');
    await page.click('button:text-is("Halt every change")');
    await wait(async () => (await page.goto(steward.url + '/')) && page.locator('#halted').count(), SHOW_MS, 'it does not say so');
    demand((await page.textContent('#halted')).includes('Only an operator can resume: opal.'), await page.textContent('#halted'));
    await shoot(page, 'halted');
    await page.close();
  });
  await step('an operator resumes on the page', async () => {
    const page = await open(context, steward, 'opal');
    await page.click('button:text-is("Resume")');
    await wait(async () => (await page.goto(steward.url + '/')) && await page.locator('#halted').count() === 0, SHOW_MS, 'still halted');
    await page.close();
  });
  await step('halted on the command line, the page shows it too', async () => {
    command(steward, 'halt');
    const page = await open(context, steward, 'opal');
    await wait(async () => (await page.goto(steward.url + '/')) && page.locator('#halted').count(), SHOW_MS, 'it does not say so');
    await page.click('button:text-is("Resume")');
    await wait(async () => (await page.goto(steward.url + '/')) && await page.locator('#halted').count() === 0, SHOW_MS, 'still halted');
    await page.close();
  });
}

async function takeOver(context, steward) {
  await step('taken over and resolved by a person, the incident is closed', async () => {
    const page = await open(context, steward, 'olga');
    await page.goto(steward.url + '/incident/1');
    await page.click('button:text-is("I take it over")');
    await wait(async () => (await page.goto(steward.url + '/incident/1')) && (await page.textContent('.now')).includes('A person works on it'), SHOW_MS, 'not taken');
    await page.click('button:text-is("It is resolved, close it")');
    await wait(async () => (await page.goto(steward.url + '/incident/1')) && (await page.textContent('body')).includes('handed over'), SHOW_MS, 'not closed');
    await shoot(page, 'closed');
    await page.goto(steward.url + '/');
    await shoot(page, 'list');
    await page.click('text=Sign out');
    await page.goto(steward.url + '/');
    demand(page.url().endsWith('/login'), 'still signed in');
    await page.close();
  });
}

async function main() {
  const profile = mkdtempSync(join(tmpdir(), 'steward-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: settings.chromium ?? '/usr/bin/chromium', headless: true, viewport: DESKTOP,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
  const own = Object.values(settings.stewards).map((steward) => steward.url);
  context.on('request', (request) => own.some((url) => request.url().startsWith(url)) || foreign.push(request.url()));
  context.on('console', (message) => complaints.push(message.text()));
  const [[approved, first], [denied, second]] = Object.entries(settings.stewards);
  try {
    await strangers(context, first);
    await calm(context, first);
    await Promise.all([release(approved, 2), release(denied, 2)]);
    await approve(context, first, approved);
    await deny(context, second, denied);
    await halt(context, first);
    await takeOver(context, second);
    await step('the pages ask for nothing from elsewhere, and nothing offends their content policy', async () => {
      demand(foreign.length === 0, foreign.join(' '));
      const offences = complaints.filter((words) => words.includes('Content Security Policy'));
      demand(offences.length === 0, offences.join(' '));
    });
  } catch (problem) {
    if (!(problem instanceof Stop)) {
      counts.failed++;
      console.log(`failed  ${problem.stack}`);
    }
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, 0 skipped`);
  process.exit(counts.failed === 0 ? 0 : 1);
}

await main();
