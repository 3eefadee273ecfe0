const helmet = require("helmet");
const cors = require("cors");

// ruleid: js-insecure-default
app.use(helmet({ contentSecurityPolicy: false }));
// ruleid: js-insecure-default
app.use(cors({ origin: "*", credentials: true }));
// ruleid: js-insecure-default
new BrowserWindow({ webPreferences: { nodeIntegration: true } });
// ruleid: js-insecure-default
engine.escapeMarkup = false;
// ok: js-insecure-default
app.use(helmet());
// ok: js-insecure-default
app.use(cors({ origin: ["https://example.com"], credentials: true }));
// ok: js-insecure-default
new BrowserWindow({ webPreferences: { contextIsolation: true } });
