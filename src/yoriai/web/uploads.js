// Files from this computer, handed in one after the other with their folders' names. Knows no page.
const AT_ONCE = 2;

// What was dropped, folders walked through; hidden files are left out.
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const found = entries.length ? (await Promise.all(entries.map((entry) => walk(entry, "")))).flat() : chosen(transfer.files);
  return found.filter(isShown);
}

// What was chosen with a dialog: a folder's files carry the folder's name.
export function chosen(files) {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name })).filter(isShown);
}

function isShown({ name }) {
  return !name.split("/").some((part) => part.startsWith("."));
}

async function walk(entry, folder) {
  const name = folder + entry.name;
  if (entry.isFile) {
    try {
      return [{ file: await new Promise((done, failed) => entry.file(done, failed)), name }];
    } catch {
      return []; // gone meanwhile, or not to be read
    }
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((done) => reader.readEntries(done, () => done([]))); // a hundred at a time
    if (!part.length) break;
    found.push(...part);
  }
  return (await Promise.all(found.map((each) => walk(each, `${name}/`)))).flat();
}

// Sends `uploads` ({file, name, state, share, error}), a few at once; `stop()` ends what hasn't been sent.
export class Sender {
  constructor(address, language, unreachable) {
    Object.assign(this, { address, language, unreachable, waiting: [], sending: new Set() });
  }

  add(uploads) {
    this.waiting.push(...uploads);
    this.next();
  }

  stop() {
    for (const upload of this.waiting.splice(0)) upload.state = "stopped";
    for (const request of [...this.sending]) request.abort();
  }

  next() {
    while (this.sending.size < AT_ONCE && this.waiting.length) this.send(this.waiting.shift());
  }

  send(upload) {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", upload.file, upload.name);
    request.open("POST", this.address);
    request.setRequestHeader("Accept-Language", this.language);
    request.upload.onprogress = (event) => (upload.share = event.total ? event.loaded / event.total : 0);
    request.onabort = () => (upload.state = "stopped");
    request.onerror = () => Object.assign(upload, { state: "failed", error: this.unreachable });
    request.onload = () => this.answered(upload, request);
    request.onloadend = () => {
      this.sending.delete(request);
      upload.file = null;
      this.next();
    };
    upload.state = "sending";
    this.sending.add(request);
    request.send(form);
  }

  answered(upload, request) {
    if (request.status < 300) return (upload.state = "sent");
    let message = this.unreachable;
    try {
      message = JSON.parse(request.responseText).error.message;
    } catch {
      // not our server's words
    }
    Object.assign(upload, { state: "failed", error: message });
  }
}
