// What is wider than the page scrolls by itself: code, tables, figures. It can be reached and scrolled with the
// keyboard, and the arrow keys do not turn the page meanwhile, as mdBook would have them.
(() => {
    'use strict';

    const wide = (element) => element.scrollWidth > element.clientWidth;
    const seen = new ResizeObserver((entries) => {
        for (const { target } of entries) {
            if (wide(target)) {
                target.tabIndex = 0;
            } else {
                target.removeAttribute('tabindex');
            }
        }
    });
    for (const element of document.querySelectorAll('main pre > code, main .table-wrapper, main .scroll')) {
        seen.observe(element);
        element.addEventListener('keydown', (event) => {
            const sideways = event.key === 'ArrowLeft' || event.key === 'ArrowRight';
            if (sideways && event.target === element && wide(element)) {
                event.stopPropagation();
            }
        });
    }
})();
