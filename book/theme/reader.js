// Remembers which chapters were read and what was answered: in this browser, and nowhere else.
// Without this script only the marks are missing. An answer unfolds by itself.
(() => {
    'use strict';

    const KEY = 'worker-pools-reader';
    let known = { read: {}, answered: {} };
    // Where nothing can be kept, it lasts as long as the page.
    let canKeep = true;

    function recall() {
        try {
            if (canKeep) {
                known = { read: {}, answered: {}, ...JSON.parse(localStorage.getItem(KEY)) };
            }
        } catch {}
    }

    // Another page may have written meanwhile.
    function keep(change) {
        recall();
        change(known);
        try {
            localStorage.setItem(KEY, JSON.stringify(known));
        } catch {
            canKeep = false;
        }
        show();
    }

    const element = (name, parent, properties) =>
        parent.appendChild(Object.assign(document.createElement(name), properties));

    const marksRead = (chapter, isRead) =>
        keep(({ read }) => {
            if (isRead) {
                read[chapter] = true;
            } else {
                delete read[chapter];
            }
        });

    // What shows something of it: each is called whenever something has changed.
    const views = [];
    const show = () => views.forEach((view) => view());

    // Questions: what counts is the answer that is chosen first.
    for (const section of document.querySelectorAll('.questions')) {
        const questions = [...section.querySelectorAll('.question')];
        const name = (question) => question.id.replace(/^asks-/, '');
        const status = document.createElement('p');
        status.setAttribute('role', 'status');
        section.before(status);
        for (const question of questions) {
            let isFresh = true;
            for (const choice of question.querySelectorAll('.choice')) {
                choice.querySelector('summary').addEventListener('click', () => {
                    if (isFresh) {
                        isFresh = false;
                        keep(({ answered }) => (answered[name(question)] = choice.classList.contains('is-right')));
                    }
                });
            }
        }
        views.push(() => {
            const answers = questions.map((question) => known.answered[name(question)]);
            const given = answers.filter((answer) => answer !== undefined).length;
            const right = answers.filter((answer) => answer === true).length;
            status.textContent = given === 0 ? '' : `${given} of ${questions.length} answered, ${right} of them right at once.`;
            status.hidden = given === 0;
        });
    }

    const first = document.querySelector('.route');

    // The page of all chapters is for paper, and that of the ways is to be looked at again.
    const chapters = document.querySelectorAll('[data-chapter]');
    if (chapters.length === 1 && first === null) {
        const seen = new IntersectionObserver((entries) => {
            if (entries.some((entry) => entry.isIntersecting)) {
                seen.disconnect();
                marksRead(chapters[0].dataset.chapter, true);
            }
        });
        const end = element('div', document.querySelector('main'), { className: 'end' });
        seen.observe(end);
    }

    // The ways through the book.
    for (const takes of document.querySelectorAll('.route .takes')) {
        const { of: chapter, asks = '' } = takes.dataset;
        const names = asks.split(' ').filter((name) => name !== '');
        const given = element('span', takes.parentElement, { className: 'given' });
        const label = element('label', takes.parentElement, { className: 'is-read' });
        const box = element('input', label, { type: 'checkbox' });
        box.setAttribute('aria-label', `read: ${takes.parentElement.querySelector('a').textContent}`);
        label.append(' read');
        box.addEventListener('change', () => marksRead(chapter, box.checked));
        views.push(() => {
            const count = names.filter((name) => name in known.answered).length;
            given.textContent = count > 0 ? `, ${count} answered` : '';
            box.checked = known.read[chapter] === true;
        });
    }
    if (first !== null) {
        const forget = document.createElement('button');
        Object.assign(forget, { type: 'button', className: 'forget', textContent: 'Forget what I have read and answered' });
        forget.addEventListener('click', () => keep((known) => Object.assign(known, { read: {}, answered: {} })));
        document.querySelector('main').append(forget);
    }

    // The sidebar has links relative to the page.
    const root = new URL(path_to_root || './', location.href).href;
    views.push(() => {
        for (const link of document.querySelectorAll('.sidebar .chapter a[href]')) {
            const [address] = link.href.split('#');
            const chapter = address.startsWith(root) ? address.slice(root.length) : '';
            link.classList.toggle('read', known.read[chapter] === true && !link.hash);
        }
    });

    recall();
    show();
    // A page that one goes back to is as it was left.
    addEventListener('pageshow', (event) => {
        if (event.persisted) {
            recall();
            show();
        }
    });
})();
