// All checks, in one process and one browser.

import './accessibility.mjs';
import './player.mjs';
import './pages.mjs';
import './reader.mjs';
