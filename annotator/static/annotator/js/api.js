// The editing endpoints. A reply is always one of: saved, offline (try again later),
// conflict, refused, loggedOut, forbidden; nothing here throws for the network.

const TIMEOUT = 20_000;
const RETRIED = [408, 425, 429, 500, 502, 503, 504];

// A random id of an edit; crypto.randomUUID needs HTTPS, this does not.
export function newEditId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function csrfToken(fallback) {
  const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/u);
  return cookie ? decodeURIComponent(cookie[1]) : fallback;
}

export class Api {
  #urls;
  #token;

  constructor({ annotation, edits, revisions, preferences, comments, comment, token }) {
    this.#urls = { annotation, edits, revisions, preferences, comments, comment };
    this.#token = token;
  }

  // All but send() reject with an Error that has a sentence for a person.
  read() {
    return this.#ask("GET", this.#urls.annotation);
  }

  revisions() {
    return this.#ask("GET", this.#urls.revisions);
  }

  changePreferences(changed, { isLeaving }) {
    return this.#ask("PATCH", this.#urls.preferences, changed, { keepalive: isLeaving });
  }

  addComment(comment) {
    return this.#ask("POST", this.#urls.comments, comment);
  }

  changeComment(id, change) {
    return this.#ask("PATCH", this.#commentUrl(id), change);
  }

  deleteComment(id) {
    return this.#ask("DELETE", this.#commentUrl(id));
  }

  async send(edit) {
    let response;
    let body;
    try {
      response = await fetch(this.#urls.edits, {
        method: "POST",
        headers: this.#headers(),
        body: JSON.stringify(edit),
        signal: AbortSignal.timeout(TIMEOUT),
      });
      body = await response.json().catch(() => ({}));
    } catch {
      return { kind: "offline" };
    }
    return replyOf(response.status, body);
  }

  #headers() {
    return {
      "Content-Type": "application/json",
      "X-CSRFToken": csrfToken(this.#token),
    };
  }

  #commentUrl(id) {
    return this.#urls.comment.replace(/0\/?$/u, (zero) => zero.replace("0", String(id)));
  }

  async #ask(method, url, body, options = {}) {
    const response = await fetch(url, {
      method,
      headers: this.#headers(),
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(3 * TIMEOUT),
      ...options,
    }).catch((cause) => {
      const sentence = gettext("The server cannot be reached. Try again in a moment.");
      throw new Error(sentence, { cause });
    });
    if (response.status === 204) return null;
    const reply = await response.json().catch(() => ({}));
    if (response.ok) return reply;
    throw new Error(sentenceOf(reply) ?? failed(response.status));
  }
}

// What a reply says to a person; not a list of the schema's complaints.
const sentenceOf = ({ detail }) => (typeof detail === "string" ? detail : null);

function failed(status) {
  const sentence = gettext("The server answered with an error (%s). Try again in a moment.");
  return interpolate(sentence, [status]);
}

export function replyOf(status, body) {
  if (status === 200) return { kind: "saved", version: body.version, state: body.state };
  if (RETRIED.includes(status)) return { kind: "offline", status };
  if (status === 409) return { kind: "conflict", theirs: body };
  if (status === 401) return { kind: "loggedOut" };
  if (status === 403 || status === 404) {
    return { kind: "forbidden", detail: body.detail ?? "" };
  }
  return { kind: "refused", detail: sentenceOf(body) ?? failed(status) };
}
