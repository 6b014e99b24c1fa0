// The questions at the end of a chapter, and what the browser remembers of its reader.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { visit } from './browser.mjs';

const CHAPTER = 'versions/v1-fixed.html';
const PATH = 'a-readers-path.html';

const kept = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('worker-pools-reader')));
const go = (page, path) => page.goto(new URL(path, 'http://book.invalid/').href);
/** The row of a chapter in the longest way. */
const row = (page, chapter) =>
    page.locator('.route').last().locator('li', { has: page.locator(`.takes[data-of="${chapter}"]`) });
const isRead = (link) => link.evaluate((link) => link.classList.contains('read'));

describe('the reader', () => {
    test('an answer is chosen with a key, says whether it is right, and is remembered', () =>
        visit(CHAPTER, {}, async (page) => {
            const questions = page.locator('.question');
            const count = await questions.count();
            assert.ok(count >= 3);
            const status = page.getByRole('status');
            assert.equal(await status.isVisible(), false);

            const wrong = questions.nth(0).locator('.choice.is-wrong').first();
            assert.equal(await wrong.locator('p').first().isVisible(), false);
            await wrong.locator('summary').press('Enter');
            assert.match(await wrong.locator('p').first().textContent(), /^No\. /);
            assert.equal(await status.textContent(), `1 of ${count} answered, 0 of them right at once.`);

            // A second choice does not make the first one right.
            const right = questions.nth(0).locator('.choice.is-right');
            await right.locator('summary').press('Space');
            assert.match(await right.locator('p').first().textContent(), /^Right\. /);
            assert.equal(await status.textContent(), `1 of ${count} answered, 0 of them right at once.`);

            await questions.nth(1).locator('.choice.is-right summary').click();
            assert.equal(await status.textContent(), `2 of ${count} answered, 1 of them right at once.`);
            const name = async (at) => (await questions.nth(at).getAttribute('id')).replace('asks-', '');
            const { answered } = await kept(page);
            assert.deepEqual(answered, { [await name(0)]: false, [await name(1)]: true });

            await go(page, PATH);
            assert.match(await row(page, CHAPTER).textContent(), /, \d questions, 2 answered /);
        }));

    test('a chapter is read once its end was on the screen, and the box says otherwise', () =>
        visit(CHAPTER, {}, async (page) => {
            const link = page.locator('.sidebar .chapter a', { hasText: 'v1: a fixed pool' }).first();
            assert.equal(await isRead(link), false);
            await page.keyboard.press('End');
            await page.waitForFunction(() => document.querySelector('.sidebar .chapter a.read'));
            assert.equal(await isRead(link), true);
            assert.equal(await page.locator('.sidebar a.read').count(), 1);

            await go(page, PATH);
            const boxes = page.locator(`li:has(.takes[data-of="${CHAPTER}"]) input`);
            assert.ok((await boxes.count()) > 1);
            const checked = () => boxes.evaluateAll((boxes) => boxes.map((box) => box.checked));
            assert.ok(!(await checked()).includes(false));
            await boxes.first().click();
            assert.ok(!(await checked()).includes(true));
            assert.equal(await isRead(link), false);
            await boxes.last().press('Space');
            assert.ok(!(await checked()).includes(false));
        }));

    test('all of it is forgotten when the reader says so', () =>
        visit(CHAPTER, {}, async (page) => {
            await page.locator('.choice summary').first().click();
            await go(page, PATH);
            await page.locator('.route input').first().check();
            await page.getByRole('button', { name: /^Forget/ }).click();
            assert.deepEqual(await kept(page), { read: {}, answered: {} });
            assert.equal(await page.locator('.route input:checked').count(), 0);
            assert.equal(await page.locator('.sidebar a.read').count(), 0);
        }));

    test('nothing is sent', () =>
        visit(CHAPTER, {}, async (page) => {
            const sent = [];
            page.on('request', (request) => sent.push(new URL(request.url()).pathname));
            for (const summary of await page.locator('.choice summary').all()) {
                await summary.click();
            }
            await page.keyboard.press('End');
            await page.waitForFunction(() => document.querySelector('.sidebar .chapter a.read'));
            // The browser fetches the icon of the page when it likes.
            assert.deepEqual(sent.filter((path) => !path.startsWith('/favicon')), []);
        }));

    test('where nothing can be kept, it lasts as long as the page', () =>
        visit('404.html', {}, async (page) => {
            await page.addInitScript(() => {
                Storage.prototype.setItem = () => {
                    throw new Error('the quota is used up');
                };
            });
            await go(page, CHAPTER);
            await page.locator('.choice.is-right summary').first().click();
            await page.locator('.choice.is-right summary').nth(1).click();
            assert.match(await page.getByRole('status').textContent(), /^2 of \d answered, 2 of/);
        }));

    test('without script the answers unfold, and the ways are lists', async () => {
        await visit(CHAPTER, { javaScriptEnabled: false }, async (page) => {
            const choice = page.locator('.choice').first();
            assert.equal(await choice.locator('p').first().isVisible(), false);
            await choice.locator('summary').click();
            assert.equal(await choice.locator('p').first().isVisible(), true);
        });
        await visit(PATH, { javaScriptEnabled: false }, async (page) => {
            assert.match(await row(page, CHAPTER).textContent(), /^v1: a fixed pool, \d+ minutes, \d questions$/);
            assert.equal(await page.locator('main :is(input, button)').count(), 0);
        });
    });

    test('on the page of all chapters nothing counts as read', () =>
        visit('print.html', {}, async (page) => {
            await page.keyboard.press('End');
            assert.equal(await kept(page), null);
        }));
});
