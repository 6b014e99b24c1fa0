// What axe finds in the frame that mdBook puts around each chapter. Nothing of it is ours to change without a copy of
// mdBook's template. Each entry has to be needed by some page, or the check fails.
//
// `selector` is how axe's own begins; `page` limits an entry to one page.

export const exceptions = [
    {
        rule: 'aria-allowed-attr',
        selector: '#mdbook-sidebar-toggle',
        why: 'the button for the sidebar is the label of a hidden checkbox, so that it works without script',
    },
    {
        rule: 'aria-prohibited-attr',
        selector: '#mdbook-sidebar-toggle',
        why: 'the same label has a name of its own',
    },
    {
        rule: 'region',
        selector: '#mdbook-sidebar-toggle',
        why: 'the bar above the chapter is no landmark',
    },
    { rule: 'region', selector: '.menu-title', why: 'it is in that bar' },
    { rule: 'region', selector: '.right-buttons', why: 'they are in that bar' },
    {
        rule: 'color-contrast',
        selector: '.menu-title',
        why: 'the title in that bar has the pale colour of its icons, in the theme coal',
    },
    {
        rule: 'document-title',
        selector: 'html',
        page: 'toc.html',
        why: 'what the sidebar shows without script: a frame, and not a page',
    },
    { rule: 'landmark-one-main', selector: 'html', page: 'toc.html', why: 'a frame' },
    { rule: 'page-has-heading-one', selector: 'html', page: 'toc.html', why: 'a frame' },
    { rule: 'region', selector: '', page: 'toc.html', why: 'a frame, whatever of it is not folded' },
];
