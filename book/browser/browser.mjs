// The browser, and the pages in it.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { chromium } from 'playwright-core';

const folder = process.env.PAGES;
// Nobody answers there: the pages come from the folder.
const SITE = 'http://book.invalid/';

const all = readdirSync(folder, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.html'))
    .sort();

/** Pages of source files: they are made in one way, so a few of them stand for all. */
export const sources = ['source/index.html', 'source/v2-cancel-panic/index.html', 'source/v2-cancel-panic/pool.html'];
const missing = sources.filter((path) => !all.includes(path));
if (missing.length > 0) {
    throw new Error(`there is no ${missing}`);
}

/** The paths of all pages, but only of these source files. */
export const paths = all.filter((path) => !path.startsWith('source/') || sources.includes(path));

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
after(() => browser.close());

/** Shows a page to `look`, and closes it. The options are those of a browser's context, and a theme of mdBook. */
export async function visit(path, { theme, ...options }, look) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    try {
        await context.route(SITE + '**', (route) => {
            const { pathname } = new URL(route.request().url());
            return route.fulfill({ path: join(folder, decodeURIComponent(pathname)) });
        });
        await context.addInitScript((theme) => {
            // The page of all chapters opens a dialogue, and waits.
            window.print = () => {};
            if (theme) {
                localStorage.setItem('mdbook-theme', theme);
            }
        }, theme);
        const page = await context.newPage();
        await page.goto(SITE + path);
        return await look(page);
    } finally {
        await context.close();
    }
}

/** Unfolds whatever can be unfolded. */
export async function unfold(page) {
    await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) {
            details.open = true;
        }
    });
    // Until what observes sizes has seen it.
    await page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen))));
}
