// Draws the picture that the preview of a link shows: the title of the book, and a figure of it.

import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const book = new URL('../', import.meta.url);
const [, title] = /^title = "(.*)"$/m.exec(readFileSync(new URL('book.toml', book), 'utf8'));
const figure = readFileSync(new URL('src/figures/v1-twelve-tasks.svg', book), 'utf8');

const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1200, height: 630 } });
await page.setContent(`
    <style>
        body { margin: 0; height: 630px; display: flex; flex-direction: column; align-items: center; justify-content: space-evenly; font-family: system-ui, sans-serif; }
        h1 { margin: 0; font-size: 64px; }
        svg { width: 1080px; height: auto; }
    </style>
    <h1></h1>${figure}`);
await page.locator('h1').evaluate((heading, title) => (heading.textContent = title), title);
await page.screenshot({ path: new URL('src/figures/preview.png', book).pathname });
await browser.close();
