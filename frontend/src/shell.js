// Every page: live updates, forms, keys, toasts, moments in words.
import htmx from 'htmx.org';
import * as clock from './lib/clock.js';
import * as forms from './lib/forms.js';
import * as keys from './lib/keys.js';
import * as live from './lib/live.js';
import * as refresh from './lib/refresh.js';
import * as toasts from './lib/toasts.js';

htmx.config.history = 'reload';

toasts.start();
refresh.start();
forms.start();
keys.start();
clock.start();
live.start();
