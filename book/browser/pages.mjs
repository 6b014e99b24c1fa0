// Answers, the table of the laws, and what the preview of a link shows.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { paths, sources, unfold, visit } from './browser.mjs';

const chapters = paths.filter((path) => !['404.html', 'print.html', 'toc.html', ...sources].includes(path));

describe('pages', () => {
    test('the answer to a prediction is folded until it is asked for', async () => {
        let asked = 0;
        for (const path of chapters) {
            await visit(path, {}, async (page) => {
                const predictions = await page.locator('main h2', { hasText: /^Predict/ }).count();
                const answers = page.locator('details.answer');
                asked += predictions;
                assert.ok((await answers.count()) >= predictions, path);
                const shown = () => answers.evaluateAll((answers) => answers.map((answer) =>
                    [...answer.children].slice(1).map((part) => part.checkVisibility())));
                for (const parts of await shown()) {
                    assert.ok(parts.length > 0 && !parts.includes(true), path);
                }
                for (const summary of await answers.locator(':scope > summary').all()) {
                    await summary.press('Enter');
                }
                for (const parts of await shown()) {
                    assert.ok(parts.includes(true), path);
                }
            });
        }
        assert.ok(asked > 20, `${asked} predictions`);
    });

    test('on paper every answer and every solution is open', () =>
        visit('print.html', {}, async (page) => {
            await page.emulateMedia({ media: 'print' });
            const folded = page.locator('main details:not(.schedule, .laws *, figure *) > :not(summary)');
            assert.ok((await folded.count()) > 100);
            const hidden = await folded.evaluateAll((parts) => parts.filter((part) => !part.checkVisibility()).length);
            assert.equal(hidden, 0);
        }));

    for (const unfolded of [false, true]) {
        test(`the table of the laws fits a window of 1280 px, ${unfolded ? 'unfolded' : 'folded'}`, () =>
            visit('proof/what-holds-the-laws.html', {}, async (page) => {
                if (unfolded) {
                    await unfold(page);
                }
                const [table, last] = [page.locator('.laws'), page.locator('.laws thead th').last()];
                const [frame, column] = [await table.boundingBox(), await last.boundingBox()];
                assert.match(await last.textContent(), /^(v\d|priority|rate-limit)$/);
                assert.ok(column.x + column.width <= frame.x + frame.width, JSON.stringify({ frame, column }));
                assert.ok(frame.x + frame.width <= 1280);
            }));
    }

    test('a number stands beside its line of code, on a screen and on paper', () =>
        visit('source/v2-cancel-panic/pool.html', {}, async (page) => {
            for (const media of ['screen', 'print']) {
                await page.emulateMedia({ media });
                const [first, last] = await page.evaluate(() => {
                    const code = document.querySelector('.listing pre code');
                    const numbers = [...document.querySelectorAll('.numbers a')];
                    const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
                    const nodes = [];
                    while (texts.nextNode()) {
                        if (texts.currentNode.data.trim() !== '') {
                            nodes.push(texts.currentNode);
                        }
                    }
                    const middle = (box) => box.top + box.height / 2;
                    const line = (node, end) => {
                        const range = document.createRange();
                        const at = node.data.trimEnd().length - 1;
                        range.setStart(node, end ? at : node.data.length - node.data.trimStart().length);
                        range.setEnd(node, range.startOffset + 1);
                        return middle(range.getBoundingClientRect());
                    };
                    const number = (anchor) => middle(anchor.getBoundingClientRect());
                    return [
                        line(nodes.at(0), false) - number(numbers.at(0)),
                        line(nodes.at(-1), true) - number(numbers.at(-1)),
                    ];
                });
                assert.ok(Math.abs(first) < 4 && Math.abs(last) < 4, `${media}: ${first}, ${last}`);
            }
        }));

    test('on paper there are no source files, and links to them lead away', () =>
        visit('print.html', {}, async (page) => {
            const pages = page.locator('.source-page');
            assert.ok((await pages.count()) > 50);
            assert.equal(await pages.evaluateAll((pages) => pages.filter((page) => page.checkVisibility()).length), 0);
            const breaks = page.locator('div[style*="break-before"]:has(+ .source-page)');
            assert.equal(await breaks.count(), await pages.count());
            assert.equal(await breaks.evaluateAll((breaks) => breaks.filter((each) => each.checkVisibility()).length), 0);
            const links = await page.locator('main .source > a').evaluateAll((links) => links.map((link) => link.href));
            assert.ok(links.length > 10);
            assert.ok(links.every((link) => /^\/source\/(v\d|branches\/)/.test(new URL(link).pathname)), links[0]);
        }));

    test('the preview of a link has a description and a picture that is there', () =>
        visit('versions/v1-fixed.html', {}, async (page) => {
            const content = (name) => page.locator(`meta[property="og:${name}"]`).getAttribute('content');
            assert.match(await content('title'), /v1/);
            assert.ok((await content('description')).length > 80);
            const size = await page.evaluate(async (path) => {
                const picture = new Image();
                picture.src = path;
                await picture.decode();
                return [picture.naturalWidth, picture.naturalHeight];
            }, await content('image'));
            assert.deepEqual(size, [1200, 630]);
        }));
});
