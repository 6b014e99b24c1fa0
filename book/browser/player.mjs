// The player of the figures: its keys, what it tells, and what is on the page without it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { unfold, visit } from './browser.mjs';

// Figures of single runs, and one of several with workers that come and go.
const RUNS = 'versions/v2-panics.html';
const CENSUS = 'strategies/scale-down.html';

/** Looks at the first player of a page. */
const watch = (path, options, look) =>
    visit(path, options, async (page) => {
        await unfold(page);
        const figure = page.locator('figure[data-play]').first();
        const player = figure.locator('.player');
        return look({
            page,
            figure,
            slider: player.locator('input'),
            words: player.locator('output'),
            button: (name) => player.getByRole('button', { name, exact: true }),
            buttons: player.locator('button'),
            // The times at which something happens, in microseconds, and the last one of the run.
            times: async () => {
                const { axis, states } = JSON.parse(await figure.getAttribute('data-play'));
                return [...new Set([...states.map(([at]) => at), axis[3]])];
            },
        });
    });

const time = async (slider) => Number(await slider.inputValue());

describe('the player', () => {
    test('a figure starts at its beginning', () =>
        watch(RUNS, {}, async ({ figure, slider, words }) => {
            assert.equal(await time(slider), 0);
            assert.match(await words.textContent(), /^0\.0 ms\n/);
            const [now, bar] = [figure.locator('.now'), figure.locator('rect.task').last()];
            assert.ok((await now.boundingBox()).x < (await bar.boundingBox()).x);
        }));

    test('the address may say at which moment a figure starts', async () => {
        await watch(`${RUNS}#t=60000`, {}, async ({ slider }) => assert.equal(await time(slider), 60_000));
        await watch(`${RUNS}#t=end`, {}, async ({ slider, times }) =>
            assert.equal(await time(slider), (await times()).at(-1)));
    });

    test('arrow keys on the slider go from event to event', () =>
        watch(RUNS, {}, async ({ slider, times }) => {
            const expected = await times();
            await slider.focus();
            for (const key of ['ArrowRight', 'ArrowUp', 'ArrowRight', 'ArrowUp', 'ArrowRight']) {
                const before = expected.indexOf(await time(slider));
                await slider.press(key);
                assert.equal(await time(slider), expected[before + 1], key);
            }
            for (const key of ['ArrowLeft', 'ArrowDown']) {
                const before = expected.indexOf(await time(slider));
                await slider.press(key);
                assert.equal(await time(slider), expected[before - 1], key);
            }
            await slider.press('End');
            assert.equal(await time(slider), expected.at(-1));
            await slider.press('ArrowLeft');
            assert.equal(await time(slider), expected.at(-2));
            await slider.press('Home');
            assert.equal(await time(slider), 0);
        }));

    test('the buttons go from event to event, and to the end', () =>
        watch(RUNS, {}, async ({ slider, button, times }) => {
            const expected = await times();
            await button('Step ›').click();
            await button('Step ›').click();
            assert.equal(await time(slider), expected[2]);
            await button('‹ Step').click();
            assert.equal(await time(slider), expected[1]);
            await button('Whole run').click();
            assert.equal(await time(slider), expected.at(-1));
        }));

    test('no arrow key in a player turns the page, and elsewhere one does', () =>
        watch(RUNS, {}, async ({ page, slider, buttons }) => {
            const address = page.url();
            const controls = [slider, ...(await buttons.all())];
            assert.equal(controls.length, 5);
            for (const control of controls) {
                // At the beginning and at the end as well.
                for (const from of ['Home', 'End']) {
                    await slider.press(from);
                    for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowRight', 'ArrowLeft']) {
                        await control.press(key);
                        await page.waitForLoadState();
                        assert.equal(page.url(), address, `${key} from ${from}`);
                    }
                }
            }
            await page.evaluate(() => document.activeElement.blur());
            await Promise.all([page.waitForURL(/v2-cancelling/), page.keyboard.press('ArrowRight')]);
        }));

    test('no arrow key turns the page in what scrolls', () =>
        watch(CENSUS, { viewport: { width: 390, height: 800 } }, async ({ page, figure }) => {
            const address = page.url();
            const scroll = figure.locator('.scroll').first();
            for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowRight']) {
                await scroll.press(key);
                await page.waitForLoadState();
                assert.equal(page.url(), address, key);
            }
            await page.waitForFunction((scroll) => scroll.scrollLeft > 0, await scroll.elementHandle());
        }));

    test('a screen reader is told of a moment, and not of each frame', () =>
        watch(RUNS, {}, async ({ page, slider, words, button }) => {
            const live = () => words.getAttribute('aria-live');
            assert.equal(await live(), 'off', 'before anything is asked');
            await button('Play').click();
            await page.waitForFunction((slider) => Number(slider.value) > 0, await slider.elementHandle());
            assert.equal(await live(), 'off', 'while it plays');
            await button('Pause').click();
            assert.equal(await live(), 'polite', 'at rest');
            const said = await words.textContent();
            assert.ok(said.startsWith(await slider.getAttribute('aria-valuetext')), said);
            await button('Play').click();
            assert.equal(await live(), 'off', 'while it plays again');
            await button('Step ›').click();
            assert.equal(await live(), 'polite', 'after a step');
        }));

    test('it plays to the end and stops there', () =>
        watch(RUNS, {}, async ({ page, slider, words, button, times }) => {
            // The page's clock, eight seconds later.
            await page.evaluate(() => {
                const now = performance.now.bind(performance);
                performance.now = () => now() - 8000;
            });
            await button('Play').click();
            await button('Play').waitFor();
            assert.equal(await time(slider), (await times()).at(-1));
            assert.match(await words.textContent(), /, the whole run\n/);
        }));

    test('one worker is no workers', () =>
        watch(CENSUS, {}, async ({ slider, words, times }) => {
            let seen = '';
            await slider.focus();
            for (const _ of await times()) {
                seen += await words.textContent();
                await slider.press('ArrowRight');
            }
            assert.match(seen, /\b1 worker,/);
            assert.match(seen, /\b40 workers,/);
            assert.doesNotMatch(seen, /\b1 workers/);
        }));

    for (const path of [RUNS, CENSUS]) {
        test(`whatever can be touched is at least 40 px high: ${path}`, () =>
            watch(path, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true }, async ({ page }) => {
                const targets = await page.locator('.player :is(button, input), main summary').all();
                assert.ok(targets.length > 5);
                for (const target of targets) {
                    const { height } = await target.boundingBox();
                    assert.ok(height >= 40, `${height} px: ${await target.textContent()}`);
                }
            }));
        test(`words lie above the veil, and those of later are not there: ${path}`, () =>
            watch(path, {}, async ({ figure, slider, times }) => {
                const expected = await times();
                const check = async (at) => {
                    const wrong = await figure.evaluate((figure, { at, end }) => {
                        const veil = figure.querySelector('.veil');
                        const below = (text) =>
                            !(veil.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING);
                        const early = ({ dataset }) => at < end && Number(dataset.from ?? 0) > at;
                        const shown = (text) => getComputedStyle(text).visibility === 'visible';
                        return [...figure.querySelectorAll('svg text')]
                            .filter((text) => below(text) || shown(text) === early(text))
                            .map((text) => text.textContent);
                    }, { at, end: expected.at(-1) });
                    assert.deepEqual(wrong, [], `at ${at} us`);
                };
                await check(0);
                await slider.press('ArrowRight');
                await check(expected[1]);
                await slider.press('End');
                await check(expected.at(-1));
            }));
    }

    test('without script a figure shows the whole run', () =>
        visit(RUNS, { javaScriptEnabled: false }, async (page) => {
            const figure = page.locator('figure[data-play]').first();
            assert.equal(await figure.isVisible(), false, 'it is a part of the answer');
            await page.locator('details.answer > summary').first().click();
            assert.equal(await figure.isVisible(), true);
            assert.equal(await page.locator('.player, .veil').count(), 0);
        }));

    test('on paper a figure shows the whole run', () =>
        visit(CENSUS, {}, async (page) => {
            await page.emulateMedia({ media: 'print' });
            const figure = page.locator('figure[data-play]').first();
            assert.equal(await figure.locator('svg').isVisible(), true, 'the answer is open');
            for (const hidden of ['.player', '.veil', '.now']) {
                assert.equal(await figure.locator(hidden).isVisible(), false, hidden);
            }
            const later = figure.locator('.later').first();
            assert.equal(await later.evaluate((text) => getComputedStyle(text).visibility), 'visible');
        }));

    test('there is a player for each figure of the page of all chapters', () =>
        visit('print.html', {}, async (page) => {
            const figures = await page.locator('figure[data-play]').count();
            assert.ok(figures > 20);
            // Those that are compared have one together.
            const together = await page.locator('.compare figure[data-play]').count();
            const groups = await page.locator('.compare').count();
            assert.equal(await page.locator('.player').count(), figures - together + groups);
        }));
});
