// Plays the recorded runs. A line moves through the figure; what is right of it has not happened yet.
// A figure begins at its beginning, or where the address says: `#t=20000` is 20 ms, `#t=end` the whole run.
// Without this script, a figure shows the whole run.
// Some figures are of steps and not of a run: a step is a millisecond of their axis, and is told in words.
(() => {
    'use strict';

    // How long a whole run takes on the page.
    const SECONDS = 8;
    // And a step, which is to be read.
    const STEP_SECONDS = 3;
    const SVG = 'http://www.w3.org/2000/svg';

    const element = (name, parent, properties) =>
        parent.appendChild(Object.assign(document.createElement(name), properties));

    // One figure: shows a moment of it, and says what there is then.
    function view(figure) {
        const { axis: [left, right, height, end], runs, names, states } = JSON.parse(figure.dataset.play);
        const svg = figure.querySelector('svg');
        const counted = (counts) =>
            counts.map((count, place) => `${count} ${names[place][count === 1 ? 0 : 1]}`).join(', ');
        const shape = (name, attributes) => {
            const made = svg.appendChild(document.createElementNS(SVG, name));
            for (const [key, value] of Object.entries(attributes)) {
                made.setAttribute(key, value);
            }
            return made;
        };
        const veil = shape('rect', { class: 'veil', y: 0, height });
        const now = shape('line', { class: 'now', y1: 0, y2: height });
        // A veil over words would cut them: they lie above it, and those that tell of later are not shown.
        const words = [...svg.querySelectorAll('text')];
        svg.append(...words);
        const dated = words.filter((text) => 'from' in text.dataset);
        const times = states.map(([at]) => at);
        const hasSteps = names.length === 0;
        return {
            end,
            times,
            hasSteps,
            show(at) {
                // A step is seen as a whole.
                const until = hasSteps ? (times.find((time) => time > at) ?? end) : at;
                const x = left + (right - left) * Math.min(until, end) / end;
                veil.setAttribute('x', x);
                // Marks at the end of the run are a little wider than their moment.
                veil.setAttribute('width', until < end ? right + 8 - x : 0);
                now.setAttribute('x1', x);
                now.setAttribute('x2', x);
                now.style.display = until < end ? '' : 'none';
                for (const text of dated) {
                    text.classList.toggle('later', at < end && at < Number(text.dataset.from));
                }
                const [, counts] = states.findLast(([since]) => since <= at);
                if (hasSteps) {
                    return counts;
                }
                const ofRun = (run, place) =>
                    `${run}: ${counted(counts.slice(place * names.length, (place + 1) * names.length))}`;
                return runs.length > 0 ? runs.map(ofRun).join('\n') : counted(counts);
            },
        };
    }

    // The controls of one figure, or of several that are played together.
    function player(views, controls) {
        const end = Math.max(...views.map((view) => view.end));
        const times = [...new Set(views.flatMap((view) => view.times)), end].sort((a, b) => a - b);
        const hasSteps = views.every((view) => view.hasSteps);
        const seconds = hasSteps ? STEP_SECONDS * (times.length - 1) : SECONDS;
        const clock = () =>
            hasSteps
                ? `Step ${times.findLastIndex((time) => time <= at && time < end) + 1} of ${times.length - 1}`
                : `${(at / 1000).toFixed(end < 10000 ? 2 : 1)} ms`;
        const before = () => times.findLast((time) => time < at) ?? 0;
        const after = () => times.find((time) => time > at) ?? end;
        controls.className = 'player';
        const button = (text, press) => {
            const made = element('button', controls, { type: 'button', textContent: text });
            made.addEventListener('click', press);
            return made;
        };
        const play = button('Play', () => (began === null ? start() : stop()));
        button('‹ Step', () => step(before()));
        button('Step ›', () => step(after()));
        button(hasSteps ? 'All steps' : 'Whole run', () => step(end));
        const slider = element('input', controls, { type: 'range', min: 0, max: end, step: 1 });
        slider.setAttribute('aria-label', hasSteps ? 'step' : 'time');
        slider.addEventListener('input', () => step(Number(slider.value)));
        // Nobody is told of it before something is asked of the figure.
        const words = element('output', controls, { ariaLive: 'off' });

        let at = 0;
        // The moment on the page's clock at which time was zero, while it plays.
        let began = null;

        function show(time) {
            at = Math.min(time, end);
            const said = views.map((view) => view.show(at));
            const moment = at === end ? `${clock()}, ${hasSteps ? 'all of them' : 'the whole run'}` : clock();
            words.textContent = [moment, ...said].join('\n');
            slider.value = at;
            slider.setAttribute('aria-valuetext', moment);
        }

        function step(time) {
            stop();
            show(time);
        }

        function start() {
            const from = at === end ? 0 : at;
            began = performance.now() - (from / end) * seconds * 1000;
            play.textContent = 'Pause';
            words.ariaLive = 'off';
            requestAnimationFrame(frame);
        }

        function stop() {
            began = null;
            play.textContent = 'Play';
            words.ariaLive = 'polite';
            show(at);
        }

        function frame(clock) {
            if (began === null) {
                return;
            }
            show(Math.max(0, ((clock - began) / (seconds * 1000)) * end));
            if (at === end) {
                stop();
            } else {
                requestAnimationFrame(frame);
            }
        }

        // From one event to the next. The slider's own keys would go on by microseconds, and mdBook's turn the page.
        const keys = {
            ArrowLeft: before,
            ArrowRight: after,
            ArrowDown: before,
            ArrowUp: after,
            Home: () => 0,
            End: () => end,
        };
        controls.addEventListener('keydown', (event) => {
            const modified = event.altKey || event.ctrlKey || event.metaKey;
            const onSlider = event.target === slider;
            const sideways = event.key === 'ArrowLeft' || event.key === 'ArrowRight';
            if (modified || !(event.key in keys) || !(onSlider || sideways)) {
                return;
            }
            event.preventDefault();
            event.stopPropagation();
            step(keys[event.key]());
        });

        const asked = /^#t=(?:(\d+)|end)$/.exec(location.hash);
        show(asked ? Number(asked[1] ?? end) : 0);
    }

    for (const group of document.querySelectorAll('.compare')) {
        const figures = [...group.querySelectorAll('figure[data-play]')];
        const controls = document.createElement('div');
        group.prepend(controls);
        player(figures.map(view), controls);
    }
    for (const figure of document.querySelectorAll('figure[data-play]')) {
        if (!figure.closest('.compare')) {
            const controls = document.createElement('div');
            figure.prepend(controls);
            player([view(figure)], controls);
        }
    }
})();
