// The catcher: takes mail from the relay, keeps it, and shows it with maildev's web page and API. It passes nothing on: the outgoing
// half of maildev is not set up.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { createServer } = require("node:http");

// jsdom is half of the start, and nothing needs it before somebody looks at a mail with HTML.
const load = Module._load;
Module._load = function (id, ...rest) {
  if (id !== "jsdom") return load.call(this, id, ...rest);
  return {
    JSDOM: function (...options) {
      return new (load.call(Module, id, ...rest).JSDOM)(...options);
    },
  };
};

const express = require("express");
const maildev = require("maildev/lib/mailserver");
const routes = require("maildev/lib/routes");
const { SMTPServer } = require("smtp-server");
const { SMTPConnection } = require("smtp-server/lib/smtp-connection.js");
const socketio = require("socket.io");
const { Mailbox } = require("./mailbox");

const SMTP_PORT = 1025;
const WEB_PORT = 1080;
const mailbox = new Mailbox(process.argv[2] ?? "/var/mail/catcher");

// The library refuses what Postfix takes and apps may write: quoted local parts with blanks or @, 254 characters and more, dots
// everywhere. Here an address is what stands between the brackets.
const PATH = /^(MAIL FROM|RCPT TO):\s*<((?:"(?:\\.|[^"\\])*"|[^<>"])*|.*)>((?:\s+\S+)*)\s*$/i;
SMTPConnection.prototype._parseAddressCommand = function (name, command) {
  const [, verb, address = "", parameters = ""] = PATH.exec(command) ?? [];
  if (verb?.toUpperCase() !== name.toUpperCase()) return false;
  const args = parameters
    .trim()
    .split(/\s+/)
    .filter(Boolean)
    .map((parameter) => {
      const [key, ...value] = parameter.split("=");
      return [key.toUpperCase(), value.join("=") || true];
    });
  return { address, args: args.length > 0 && Object.fromEntries(args) };
};

const smtp = new SMTPServer({
  logger: false,
  authOptional: true,
  disabledCommands: ["AUTH", "STARTTLS"],
  disableReverseLookup: true,
  closeTimeout: 3000,
  onMailFrom(_address, session, callback) {
    session.recipients = [];
    callback();
  },
  onRcptTo(address, session, callback) {
    // The library's own list takes two spellings for one.
    session.recipients.push(address);
    callback();
  },
  onData(stream, session, callback) {
    const envelope = {
      from: session.envelope.mailFrom,
      to: session.recipients,
      host: session.hostNameAppearsAs,
      remoteAddress: session.remoteAddress,
    };
    mailbox.take(stream, envelope).then(
      (said) => callback(null, said),
      (error) => {
        console.error(`a mail could not be kept, and stays with the relay: ${error.message}`);
        callback(Object.assign(new Error("could not be kept"), { responseCode: 451 }));
      },
    );
  },
});
// A connection that breaks off is the relay's matter: it sends the mail again.
smtp.on("error", (error) => console.error(`smtp: ${error.message}`));

const app = express();
app.disable("x-powered-by");
const pages = path.join(path.dirname(require.resolve("maildev/package.json")), "app");
const scripts = '<script src="scripts/app.js">';
const index = fs.readFileSync(path.join(pages, "index.html"), "utf8");
if (!index.includes(scripts)) throw new Error("this maildev's page has other scripts: page/live.js has no place in it");
const page = index.replace(scripts, `<script src="live.js"></script>\n        ${scripts}`);
app.get(["/", "/index.html"], (_request, response) => response.type("html").send(page));
app.use(express.static(path.join(__dirname, "page")), express.static(pages));
routes(app, maildev, "/");
const web = createServer(app);
// maildev's own server lets every page on the web that the person looks at read the mailbox (CORS), and listen to it.
const live = socketio({
  path: "/socket.io",
  allowRequest: ({ headers: { origin, host } }, callback) =>
    callback(null, !origin || [`http://${host}`, `https://${host}`].includes(origin)),
});
live.attach(web);
maildev.on("new", (mail) => live.emit("newMail", mail));
maildev.on("delete", (mail) => live.emit("deleteMail", mail));

mailbox.load().then((mails) => {
  maildev.port = SMTP_PORT;
  smtp.listen(SMTP_PORT);
  web.listen(WEB_PORT);
  console.log(`catcher: ${mails} mails from before, SMTP on ${SMTP_PORT}, web page and API on ${WEB_PORT}`);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    live.close();
    // After the mails under way.
    smtp.close(() => mailbox.reading.then(() => process.exit(0)));
  });
}
