// What axe finds on the pages.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { paths, unfold, visit } from './browser.mjs';
import { exceptions } from './exceptions.mjs';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const needed = new Set();

const isException = (path, rule, selector) => {
    const found = exceptions.filter(
        (exception) =>
            exception.rule === rule &&
            selector.startsWith(exception.selector) &&
            (exception.page === undefined || exception.page === path),
    );
    found.forEach((exception) => needed.add(exception));
    return found.length > 0;
};

const only = (...rules) => ({ runOnly: { type: 'rule', values: rules } });

/** What axe finds on a page, all of it unfolded, without the exceptions: a line or three for each element. */
async function faults(page, path, rules = {}) {
    const options = { resultTypes: ['violations'], ...rules };
    const { violations } = await page.evaluate((options) => axe.run(document, options), options);
    return violations.flatMap(({ id, nodes }) =>
        nodes
            .map((node) => ({ ...node, selector: node.target.flat().join(' ') }))
            .filter(({ selector }) => !isException(path, id, selector))
            .map(({ selector, html, failureSummary }) => `${id}: ${selector}\n${html}\n${failureSummary}`),
    );
}

const prepare = async (page) => {
    await unfold(page);
    await page.evaluate(source);
};

const assertNone = (found, where) =>
    assert.equal(found.length, 0, `${where}: ${found.length} elements\n${found.slice(0, 5).join('\n')}`);

describe('accessibility', { concurrency: 2 }, () => {
    // Whatever is on it is on the chapters' own pages as well, and it is for paper.
    test('axe: print.html', () =>
        visit('print.html', { colorScheme: 'light' }, async (page) => {
            await page.evaluate(source);
            assertNone(await faults(page, 'print.html'), 'light');
        }));
    for (const path of paths.filter((path) => path !== 'print.html')) {
        test(`axe: ${path}`, () =>
            visit(path, { colorScheme: 'light' }, async (page) => {
                await prepare(page);
                assertNone(await faults(page, path), 'light');
                // mdBook follows the system as long as the reader has chosen no theme.
                await page.emulateMedia({ colorScheme: 'dark' });
                if (path !== 'toc.html') {
                    await page.locator('html.navy').waitFor({ state: 'attached' });
                }
                assertNone(await faults(page, path), 'dark');
                await page.setViewportSize({ width: 390, height: 800 });
                await unfold(page);
                assertNone(await faults(page, path, only('scrollable-region-focusable')), 'on a phone');
            }));
    }
    // A version with links and figures, one with a diff, a figure, exhibits, a source file.
    for (const path of [
        'versions/v2-panics.html',
        'versions/v4-stealing.html',
        'strategies/scale-up.html',
        'proof/museum-v1-fixed.html',
        'source/v2-cancel-panic/pool.html',
    ]) {
        for (const theme of ['rust', 'coal', 'ayu']) {
            test(`contrast: ${path}, ${theme}`, () =>
                visit(path, { theme }, async (page) => {
                    await prepare(page);
                    assertNone(await faults(page, path, only('color-contrast', 'link-in-text-block')), theme);
                }));
        }
    }
});

test('every exception is needed', () => {
    const idle = exceptions.filter((exception) => !needed.has(exception));
    assert.deepEqual(idle, []);
});
