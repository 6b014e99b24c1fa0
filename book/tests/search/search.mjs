// Asks the pages' own search. Standard input: an array of queries, as JSON. Standard output: for each, the
// addresses of the sections that are shown, the best first.
//
//     node search.mjs elasticlunr-HASH.min.js searchindex-HASH.js

import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

const window = {};
const pages = { window, self: window };
window.search = {};
for (const script of process.argv.slice(2)) {
    runInNewContext(readFileSync(script, 'utf8'), pages, { filename: script });
}
const { index, search_options, results_options, doc_urls } = window.search;
const loaded = pages.elasticlunr.Index.load(index);
const queries = JSON.parse(readFileSync(0, 'utf8'));
// As `doSearch` in mdBook's searcher.js does.
const shown = query => loaded
    .search(query, search_options)
    .slice(0, results_options.limit_results)
    .map(({ ref }) => doc_urls[ref]);
console.log(JSON.stringify(queries.map(shown)));
