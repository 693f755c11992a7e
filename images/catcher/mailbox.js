// What was caught, on disk: <id>.eml is the mail, <id>.json its envelope, <id>/ its attachments. maildev's own store keeps no
// envelopes over a restart (so that nobody sees who a Bcc went to), answers before a mail is on disk, and grows without an end.
"use strict";
const fs = require("node:fs");
const { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } = require("node:fs/promises");
const path = require("node:path");
const { pipeline } = require("node:stream/promises");
const maildev = require("maildev/lib/mailserver");
const { getAttachmentFilePath, transformAttachment } = require("maildev/lib/helpers/attachments");
const { calculateBcc } = require("maildev/lib/helpers/bcc");
const { formatBytes, makeId } = require("maildev/lib/utils");
const { MailParser } = require("maildev/vendor/mailparser-mit");

/** The newest so many mails are kept, */
const MAILS = 5000;
/** with at most so many characters of text and HTML in all: they are in memory. */
const CHARACTERS = 48 * 1024 * 1024;
/** More of one mail's text is not shown; the mail's source has it. */
const SHOWN = 512 * 1024;
/** Bytes of a mail that may be too much to read. */
const LARGE = 4 * 1024 * 1024;

/** The relay's id of a mail, in the Received header that it puts on top. It is the same when the relay sends a mail again. */
const RELAY_ID = /^Received: [^]*?\bby relay\.localdomain \(Postfix[^)]*\)\s+(?:with \S+ )?id (\w+)/;

class Mailbox {
  constructor(folder) {
    this.folder = folder;
    this.characters = 0;
    /** Characters of each mail. */
    this.lengths = new Map();
    /** Relay's id to the recipients that this mail was caught for. */
    this.caught = new Map();
    /** One mail is read at a time: that bounds the memory, and an exception in the parser has an owner. */
    this.reading = Promise.resolve();
    this.failReading = undefined;
    maildev.mailDir = folder;
    // A route of maildev's; its own way would forget the envelopes.
    maildev.loadMailsFromDirectory = () => undefined;
    maildev.on("delete", ({ id }) => {
      if (id === "all") return this.emptied();
      this.forget(id);
      return rm(this.path(id, "json"), { force: true });
    });
    process.on("uncaughtException", (error) => {
      if (this.failReading) return this.failReading(error);
      // maildev empties the folder while a mail comes in.
      if (error.code === "ENOENT") return console.error(error.message);
      throw error;
    });
  }

  path(id, kind) {
    return path.join(this.folder, `${id}.${kind}`);
  }

  emptied() {
    this.characters = 0;
    this.lengths.clear();
    this.caught.clear();
  }

  forget(id) {
    this.characters -= this.lengths.get(id) ?? 0;
    this.lengths.delete(id);
  }

  /** Takes a mail from a stream. When this resolves, the mail is on disk and in the API. */
  async take(stream, envelope) {
    const id = makeId();
    const part = this.path(id, "part");
    try {
      await pipeline(stream, fs.createWriteStream(part, { flush: true }));
      const relayId = await this.relayId(part);
      const before = this.caught.get(relayId) ?? new Set();
      const to = envelope.to.filter(({ address }) => !before.has(address));
      // The relay was killed after it had handed the mail on and before it had written that down.
      if (to.length === 0) return `had it already as ${relayId}`;
      const meta = { received: new Date().toISOString(), relayId, envelope: { ...envelope, to } };
      this.remember(meta);
      try {
        await writeFile(this.path(id, "json"), JSON.stringify(meta));
        await rename(part, this.path(id, "eml"));
      } catch (error) {
        for (const { address } of to) this.caught.get(relayId)?.delete(address);
        throw error;
      }
      await this.show(id, meta, false);
      return `kept as ${id}`;
    } finally {
      await rm(part, { force: true });
    }
  }

  /** Shows what is on disk from before. */
  async load() {
    const files = await readdir(this.folder);
    await Promise.all(files.filter((file) => file.endsWith(".part")).map((file) => rm(path.join(this.folder, file), { force: true })));
    const mails = [];
    for (const file of files.filter((name) => name.endsWith(".eml"))) {
      const id = path.basename(file, ".eml");
      const text = await readFile(this.path(id, "json"), "utf8").catch(() => "null");
      mails.push({ id, meta: JSON.parse(text) ?? { received: new Date(0).toISOString(), envelope: { from: false, to: [] } } });
    }
    mails.sort((one, other) => (one.meta.received < other.meta.received ? -1 : 1));
    for (const { meta } of mails) this.remember(meta);
    for (const { id, meta } of mails) await this.show(id, meta, true);
    return mails.length;
  }

  remember({ relayId, envelope }) {
    if (!relayId) return;
    const recipients = this.caught.get(relayId) ?? new Set();
    for (const { address } of envelope.to) recipients.add(address);
    this.caught.set(relayId, recipients);
  }

  async relayId(file) {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      return RELAY_ID.exec(buffer.toString("latin1", 0, bytesRead))?.[1];
    } finally {
      await handle.close();
    }
  }

  show(id, meta, read) {
    const shown = this.reading.then(async () => {
      const { size } = await stat(this.path(id, "eml"));
      const parsed = await this.parse(id, size).catch((error) => {
        console.error(`mail ${id} cannot be shown, only downloaded: ${error.message}`);
        return { subject: "(this mail cannot be shown; its source can be downloaded)" };
      });
      this.add(id, meta, read, parsed, size);
    });
    this.reading = shown.catch(() => undefined);
    return shown;
  }

  async parse(id, size) {
    // A mail that took all the memory when it was read must not do so at each start.
    const tried = this.path(id, "tried");
    if (fs.existsSync(tried)) throw new Error("reading it ended the catcher");
    if (size > LARGE) await writeFile(tried, "");
    const parsed = await this.read(id);
    if (size > LARGE) await rm(tried, { force: true });
    return parsed;
  }

  read(id) {
    return new Promise((resolve, reject) => {
      this.failReading = reject;
      const parser = new MailParser({ streamAttachments: true });
      const saved = [];
      parser.on("attachment", (attachment) => saved.push(this.saveAttachment(id, attachment)));
      parser.on("end", (mail) => Promise.all(saved).then(() => resolve(mail), reject));
      const source = fs.createReadStream(this.path(id, "eml"));
      source.on("error", reject);
      source.pipe(parser);
    }).finally(() => (this.failReading = undefined));
  }

  async saveAttachment(id, attachment) {
    const { stream, ...rest } = attachment;
    // The parser sends it at once: it must be listened to before the folder is there.
    fs.mkdirSync(path.join(this.folder, id), { recursive: true });
    await pipeline(stream, fs.createWriteStream(getAttachmentFilePath(this.folder, id, transformAttachment(rest))));
  }

  /** In the shape of maildev's API. */
  add(id, { received, envelope }, read, { attachments, ...parsed }, size) {
    const addresses = (list) => (list ?? []).map(({ address }) => address);
    const mail = {
      ...JSON.parse(JSON.stringify(parsed)),
      id,
      time: parsed.date ?? received,
      read,
      envelope,
      source: this.path(id, "eml"),
      size,
      sizeHuman: formatBytes(size),
      attachments: attachments?.length ? attachments.map(({ stream: _, ...rest }) => transformAttachment(rest)) : null,
      calculatedBcc: calculateBcc(addresses(envelope.to), addresses(parsed.to), addresses(parsed.cc)),
    };
    for (const key of ["text", "html"]) {
      if (mail[key]?.length > SHOWN) mail[key] = `${mail[key].slice(0, SHOWN)}\n[cut here: the mail's source has all of it]`;
    }
    maildev.store.push(mail);
    this.lengths.set(id, (mail.text?.length ?? 0) + (mail.html?.length ?? 0));
    this.characters += this.lengths.get(id);
    maildev.emit("new", mail);
    while (maildev.store.length > MAILS || (this.characters > CHARACTERS && maildev.store.length > 1)) this.dropOldest();
  }

  dropOldest() {
    const [oldest] = maildev.store;
    if (!this.full) console.warn(`the mailbox keeps ${MAILS} mails and ${CHARACTERS} characters: from now on the oldest ones are removed`);
    this.full = true;
    this.forget(oldest.id);
    maildev.deleteEmail(oldest.id, () => undefined);
  }
}

module.exports = { Mailbox };
