
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
// How many rows of a list stand on one page of it: on a phone each is a card.
const PAGE = matchMedia("(max-width:40rem)").matches ? 15 : 50, PRINTED = 500;

// el makes an element. Everything that came from outside passes through
// textContent, so that it stays text.
function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes || {})) if (v !== undefined) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

const pad = (n, w) => String(n).padStart(w, "0");
function utc(micros, digits) {
  const d = new Date(Math.floor(micros / 1000));
  let text = d.getUTCFullYear() + "-" + pad(d.getUTCMonth() + 1, 2) + "-" + pad(d.getUTCDate(), 2) + " " +
    pad(d.getUTCHours(), 2) + ":" + pad(d.getUTCMinutes(), 2) + ":" + pad(d.getUTCSeconds(), 2);
  if (digits) text += "." + pad(((micros % 1e6) + 1e6) % 1e6, 6);
  return el("time", {datetime: d.toISOString()}, text);
}
// zoned writes a time in the zone of the report, if it has one, and in UTC.
function zoned(micros) {
  if (micros === null) return [];
  const zone = data.zone;
  if (!zone) return [utc(micros)];
  const offset = zone.offsets.findLast(o => o.from <= micros) || zone.offsets[0];
  const time = utc(micros);
  const other = time.textContent, local = utc(micros + offset.seconds * 1e6).textContent;
  const beside = el("small", {}, (other.slice(0, 10) === local.slice(0, 10) ? other.slice(11) : other) + " UTC"); // the day stands there once
  time.textContent = local + " " + offset.short;
  return [time, " ", beside];
}
const grouped = n => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// The reader's own time, once a time is pointed at.
document.addEventListener("pointerover", event => {
  const t = event.target instanceof Element && event.target.closest("time");
  if (t && !t.title) t.title = "your time: " + new Date(t.dateTime).toLocaleString();
});

const severities = ["critical", "major", "minor"], statuses = ["open", "indeterminate", "accepted", "repaired"];
const relationOf = r => r === "inside" || r === "edge" ? "coincides" : r;

// Sheet reads the cells of the rows that the page holds.
class Sheet {
  constructor(raw) {
    this.raw = raw;
    this.at = Object.fromEntries(raw.columns.map((c, i) => [c, i]));
    this.low = new Array(raw.rows.length);
  }
  get size() { return this.raw.rows.length; }
  get(row, column) {
    const i = this.at[column], v = this.raw.rows[row][i];
    return this.raw.kinds[i] === "text" ? this.raw.texts[v] : v;
  }
  has(column) { return column in this.at; }
  haystack(row) {
    return this.low[row] ??= this.raw.rows[row].map((v, i) => this.raw.kinds[i] !== "text" || composed.includes(this.raw.columns[i]) ? "" :
      this.raw.texts[v] + " " + namesOf(kindOf[this.raw.columns[i]], this.raw.texts[v])).join("\n").toLowerCase();
  }
  // short returns an id without its middle, or nothing when it is short, or when
  // another id would look like it then.
  short(id) {
    if (!this.cuts) {
      this.cuts = new Map();
      for (const text of this.raw.texts) for (const part of text.split(";")) {
        const c = middleCut(part);
        if (c) this.cuts.set(c, this.cuts.has(c) && this.cuts.get(c) !== part ? null : part);
      }
    }
    const c = middleCut(id);
    return c && this.cuts.get(c) === id ? c : "";
  }
}

// Columns that the page adds, which no table has.
const composed = ["sentence", "remedy", "todo"];

function middleCut(id) {
  const c = [...id];
  return c.length > 18 ? c.slice(0, 7).join("") + "…" + c.slice(-7).join("") : "";
}

// What people call things, by the ids that the page shows.
const kindOf = {org_id: "organisation", trunk_id: "trunk", line_id: "line", user_ids: "user", queue_ids: "queue"};
const nameOf = (kind, id) => Object.hasOwn(data.names?.[kind] || {}, id) ? data.names[kind][id] : "";
const namesOf = (kind, ids) => kind && data.names ? ids.split(";").map(id => nameOf(kind, id)).join(" ") : "";

// thing shows an id with its name: cut in the middle, and whole when it is pointed at,
// has the focus, or is printed.
function thing(sheet, kind, id) {
  const short = sheet.short(id), name = nameOf(kind, id), parts = name ? [el("span", {class: "name"}, name), " "] : [];
  if (!short) return [...parts, el("bdi", {class: "id"}, id)];
  return [...parts, el("bdi", {class: "id", title: id}, el("span", {class: "short", "aria-hidden": "true"}, short), el("span", {class: "whole"}, id))];
}
const things = (sheet, column, row) => {
  const v = sheet.get(row, column);
  return v ? (column.endsWith("s") ? v.split(";") : [v]).flatMap((id, i) => [...(i ? [", "] : []), ...thing(sheet, kindOf[column], id)]) : [];
};

// The filters of a list, as they stand in its form and in its address. Those without
// a field in the form come from links.
const fields = ["search", "class", "severity", "status", "relation"], linked = ["trunk", "todo", "from", "to"];

// List is a table of which one page of rows stands in the document at a time. What it
// shows stands in the address of the page: #findings?class=conflict&row=51.
class List {
  constructor(name, columns, detail, order) {
    this.name = name;
    this.sheet = new Sheet(data[name]);
    this.columns = columns;
    this.detail = detail;
    this.table = document.getElementById("list-" + name);
    this.form = document.getElementById("find-" + name);
    this.counter = document.getElementById("count-" + name);
    this.pager = document.getElementById("pages-" + name);
    this.chips = el("p", {class: "chips", hidden: ""});
    this.form.after(this.chips);
    this.head();
    this.initial = [...Array(this.sheet.size).keys()].sort(order(this.sheet));
    this.size = PAGE;
    // A text is typed letter by letter, which must not fill the history.
    this.form.addEventListener("input", event => this.changed(event.target.name === "search"));
    this.form.addEventListener("submit", event => event.preventDefault());
    this.form.querySelector("button").addEventListener("click", () => { this.fill({}); this.changed(); });
    this.makePager();
    this.fill({});
    this.refresh();
  }
  head() {
    const row = this.table.tHead.rows[0];
    for (const c of this.columns) {
      const button = el("button", {type: "button"}, c.title);
      c.th = el("th", {scope: "col", "data-title": c.title}, button);
      button.addEventListener("click", () => {
        this.sort = {column: c, down: this.sort?.column === c && !this.sort.down};
        this.changed();
      });
      row.append(c.th);
    }
  }
  // fill sets all filters and the order from values by name.
  fill(values) {
    for (const field of this.form.elements) if (field.name) field.value = values[field.name] || "";
    this.linked = Object.fromEntries(linked.filter(k => values[k]).map(k => [k, values[k]]));
    const column = this.columns.find(c => c.name === values.sort);
    this.sort = column ? {column, down: values.down === "1"} : null;
    this.chips.replaceChildren(...linked.filter(k => this.linked[k]).map(k => {
      const v = this.linked[k], shown = k === "trunk" ? thing(this.sheet, k, v) : k === "todo" ? [v] : zoned(Number(v));
      const button = el("button", {type: "button"}, k === "todo" ? "to do: " : k + " ", ...shown, " ✕");
      button.setAttribute("aria-label", "Remove the filter " + k);
      button.addEventListener("click", () => { this.fill({...this.values(), [k]: ""}); this.changed(); });
      return button;
    }));
    this.chips.hidden = !this.chips.firstChild;
  }
  values() {
    const v = {...this.linked};
    for (const name of fields) if (this.form.elements[name]?.value) v[name] = this.form.elements[name].value;
    if (this.sort) Object.assign(v, {sort: this.sort.column.name}, this.sort.down ? {down: "1"} : {});
    return v;
  }
  // changed shows what a reader asked for, and writes it into the address.
  changed(replace) {
    this.refresh();
    this.write(replace);
  }
  write(replace) {
    const v = this.values();
    if (this.page > 0) v.row = this.page * this.size + 1;
    remember("#" + this.name + "?" + new URLSearchParams(v), replace);
  }
  // read shows what an address asks for.
  read(query) {
    const v = Object.fromEntries(new URLSearchParams(query));
    this.fill(v);
    this.refresh(Math.floor(((Number(v.row) || 1) - 1) / this.size));
  }
  matches() {
    const v = this.values(), words = (v.search || "").toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = [["class", "class"], ["severity", "severity"], ["status", "status"], ["trunk", "trunk_id"], ["todo", "todo"]].filter(([k]) => v[k]);
    const s = this.sheet, start = row => s.get(row, "start_time");
    const found = this.initial.filter(row =>
      wanted.every(([k, column]) => s.get(row, column) === v[k]) &&
      (!v.relation || relationOf(s.get(row, "outage_relation")) === v.relation) &&
      (!v.from || start(row) !== null && start(row) >= Number(v.from)) && (!v.to || start(row) !== null && start(row) < Number(v.to)) &&
      words.every(w => s.haystack(row).includes(w)));
    if (this.sort) {
      const {column, down} = this.sort;
      const keys = new Map(found.map(row => [row, column.key(s, row)]));
      found.sort((a, b) => {
        const x = keys.get(a), y = keys.get(b), none = (x === "" || x === null) - (y === "" || y === null);
        return none || (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
      });
    }
    return found;
  }
  refresh(page) {
    for (const c of this.columns) c.th.removeAttribute("aria-sort");
    if (this.sort) this.sort.column.th.setAttribute("aria-sort", this.sort.down ? "descending" : "ascending");
    this.found = this.matches();
    this.show(page || 0);
  }
  show(page) {
    const pages = Math.max(1, Math.ceil(this.found.length / this.size));
    this.page = Math.min(Math.max(page, 0), pages - 1);
    const from = this.page * this.size, rows = this.found.slice(from, from + this.size);
    this.table.tBodies[0].replaceChildren(...rows.map(row => this.row(row)));
    const size = this.sheet.size, n = this.found.length, noun = {findings: "finding", repairs: "repair", closed: "closed finding"}[this.name];
    const all = grouped(size) + " " + noun + (size === 1 ? "" : "s");
    this.counter.textContent = n === 0 ? "None of " + all + (size === 1 ? " matches." : " match.") :
      (n === size ? all : grouped(n) + " of " + all + (n === 1 || size === 1 ? " matches" : " match")) +
      (pages > 1 ? "; " + grouped(from + 1) + " to " + grouped(from + rows.length) + " are shown." : ".");
    this.pager.hidden = pages === 1;
    this.where.textContent = "page " + grouped(this.page + 1) + " of " + grouped(pages);
    for (const [button, to] of this.buttons) button.disabled = to(this.page, pages) === this.page;
  }
  makePager() {
    this.buttons = [["First", () => 0], ["Previous", p => Math.max(p - 1, 0)], ["Next", (p, n) => Math.min(p + 1, n - 1)], ["Last", (p, n) => n - 1]]
      .map(([label, to]) => {
        const button = el("button", {type: "button"}, label);
        button.addEventListener("click", () => { this.show(to(this.page, Math.ceil(this.found.length / this.size))); this.write(); });
        return [button, to];
      });
    this.where = el("span");
    const [first, previous, next, last] = this.buttons.map(([b]) => b);
    this.pager.append(first, previous, this.where, next, last);
  }
  row(n) {
    const id = this.name + "-" + n;
    const toggle = el("button", {type: "button", "aria-expanded": "false", "aria-label": "Details of " + this.label(n)}, "▸");
    const tr = el("tr", {id}, el("td", {class: "open"}, toggle));
    for (const c of this.columns) {
      const td = el("td", {class: c.class, "data-label": c.title});
      td.append(...[c.cell(this.sheet, n)].flat());
      tr.append(td);
    }
    toggle.addEventListener("click", () => {
      const open = toggle.getAttribute("aria-expanded") === "true";
      toggle.setAttribute("aria-expanded", String(!open));
      toggle.textContent = open ? "▸" : "▾";
      if (open) { tr.nextSibling.remove(); return; }
      tr.after(el("tr", {class: "detail"}, el("td", {colspan: this.columns.length + 1}, ...this.detail(this.sheet, n), this.all(n))));
    });
    return tr;
  }
  // open shows a row wherever it is, opens it and goes there. It drops filters that
  // hide it.
  open(n) {
    if (!this.found.includes(n)) { this.fill({}); this.refresh(); }
    this.show(Math.floor(this.found.indexOf(n) / this.size));
    const toggle = document.getElementById(this.name + "-" + n).querySelector("button");
    if (toggle.getAttribute("aria-expanded") !== "true") toggle.click();
    toggle.closest("tr").scrollIntoView({block: "center"});
    toggle.focus({preventScroll: true});
  }
  // of returns the row with an id, undefined without one.
  of(id) {
    this.ids ||= new Map(this.sheet.has("finding_id") ? this.initial.map(n => [this.sheet.get(n, "finding_id"), n]) : []);
    return this.ids.get(id);
  }
  label(n) { return this.sheet.get(n, this.sheet.has("finding_id") ? "finding_id" : "recording_id") || "row " + (n + 1); }
  all(n) {
    const dl = el("dl");
    this.sheet.raw.columns.forEach((column, i) => {
      const v = this.sheet.get(n, column);
      if (v === "" || v === null || composed.includes(column)) return;
      dl.append(el("dt", {}, column), el("dd", {}, this.sheet.raw.kinds[i] === "time" ? utc(v, true) : String(v)));
    });
    return el("details", {}, el("summary", {}, "All columns of the table"), dl);
  }
}

// The columns of lists. Their names stand in addresses.
const text = (name, title, more) => ({name, title, key: (s, n) => s.get(n, name), cell: (s, n) => s.get(n, name), ...more});
const id = (name, title, more) => text(name, title, {class: "ids", cell: (s, n) => things(s, name, n), ...more});
const rank = (list, name, title, cell) => text(name, title, {key: (s, n) => list.indexOf(s.get(n, name)),
  cell: cell || ((s, n) => el("span", {class: "sev-" + s.get(n, name)}, s.get(n, name)))});
const start = text("start_time", data.zone ? "Start" : "Start (UTC)", {class: "time", cell: (s, n) => zoned(s.get(n, "start_time"))});

// Clauses have neither capital nor full stop.
const sentence = clause => clause.charAt(0).toUpperCase() + clause.slice(1) + ".";

function outageCell(s, n) {
  const cause = s.get(n, "outage_cause"), relation = s.get(n, "outage_relation");
  if (cause) return (relation === "possible" ? "possibly " : "") + cause + (relation === "possible" ? "" : ", " + relation);
  return {none: "none", unknown: "cannot be told"}[relation] || "";
}

// fact is a line of an opened row, left out when there is nothing to say.
const fact = (name, ...parts) => parts.some(p => p !== "") ? [el("dt", {}, name), el("dd", {}, ...parts)] : [];

// parties says who took part in the call of a row.
function parties(s, n) {
  const from = s.get(n, "ani"), to = s.get(n, "dnis"), direction = s.get(n, "direction");
  const call = from || to ? [direction ? direction + ": " : "", el("bdi", {}, from || "unknown"), " → ", el("bdi", {}, to || "unknown")] : [direction];
  return [
    ...fact("call", ...call), ...fact("agents", ...things(s, "user_ids", n)), ...fact("queues", ...things(s, "queue_ids", n)),
    ...fact("trunk", ...things(s, "trunk_id", n)), ...fact("line", ...things(s, "line_id", n)), ...fact("organisation", ...things(s, "org_id", n)),
    ...fact("conversation", s.get(n, "conversation_id")), ...fact("recording", s.get(n, "recording_id")),
  ];
}

function findingDetail(s, n) {
  const name = s.get(n, "class"), detail = s.get(n, "detail"), finding = s.get(n, "finding_id"), outage = s.get(n, "outage_id");
  const words = data.words.causes[s.get(n, "outage_cause")], quote = {recording_id: s.get(n, "recording_id"), detail};
  const parts = [el("p", {class: "says"}, s.get(n, "sentence").replace(/\{(recording_id|detail)\}/g, (_, k) => quote[k]))];
  if (name === "repaired_field" && data.words.rules[detail]) parts.push(el("p", {}, "The value of " + s.get(n, "field") + " was " + data.words.rules[detail] + "."));
  if (s.get(n, "remedy")) parts.push(el("p", {}, el("b", {}, "What to do: "), s.get(n, "remedy")));
  if (outage) {
    parts.push(el("p", {}, (s.get(n, "outage_relation") === "possible" ? "It possibly coincides" : "It coincides") + " with registration outage " + outage +
      (words ? ": " + words.sentence + ". What to do: " + words.remedy + "." : ".")));
  }

  const from = s.get(n, "start_time"), to = s.get(n, "end_time"), key = s.get(n, "object_key"), entry = s.get(n, "entry");
  parts.push(el("dl", {},
    ...parties(s, n), ...fact("started", ...zoned(from)), ...fact("ended", ...zoned(to)),
    ...fact("evidence", s.get(n, "source") ? "source " + s.get(n, "source") : "", key ? ", object " : "", key ? el("code", {}, key) : "", entry === null ? "" : (data.kinds?.[s.get(n, "source")] === "cdrs" ? ", row " : ", entry ") + entry),
    ...fact("address", el("a", {href: "#" + encodeURIComponent(finding)}, "#" + finding))));
  if (data.explains && /^fnd-[0-9a-f]+$/.test(finding)) parts.push(command("cdrmend explain " + finding + " --config cdrmend.yaml"));
  return parts;
}

// copies makes a button copy a command: it selects it, and copies it where the browser
// lets a page do that.
function copies(button, code) {
  button.hidden = false;
  button.setAttribute("aria-label", "Copy " + code.textContent);
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(code);
    let copied = false;
    try { copied = document.execCommand("copy"); } catch {}
    if (!copied) try { await navigator.clipboard.writeText(code.textContent); copied = true; } catch {}
    button.textContent = copied ? "Copied" : "Selected";
  });
}
for (const button of document.querySelectorAll("button.copy")) copies(button, button.previousElementSibling);
function command(text) {
  const code = el("code", {}, text), button = el("button", {type: "button", class: "copy"}, "Copy");
  copies(button, code);
  return el("p", {class: "commands"}, code, " ", button);
}

// A page about many intervals says of which one each finding is.
const interval = name => data[name].columns.includes("interval") ? [text("interval", "Interval", {class: "time"})] : [];

const lists = {};
function add(list) {
  lists[list.name] = list;
  // Paper has no pages to turn: what matches is printed, up to a limit.
  let page = 0;
  addEventListener("beforeprint", () => { page = list.page; list.size = PRINTED; list.show(0); });
  addEventListener("afterprint", () => { list.size = PAGE; list.show(page); });
}

if (document.getElementById("list-findings")) {
  add(new List("findings", [...interval("findings"),
    rank(severities, "severity", "Severity"), text("class", "Class"),
    rank(statuses, "status", "Status", (s, n) => [s.get(n, "status"), el("small", {class: "paper"}, s.get(n, "finding_id"))]), start, // paper has no addresses
    id("trunk_id", "Trunk"), id("conversation_id", "Conversation"), id("recording_id", "Recording"),
    text("outage", "Outage", {key: outageCell, cell: outageCell}),
  ], findingDetail, s => {
    const settled = n => statuses.indexOf(s.get(n, "status")) > 1;
    const keys = [settled, n => severities.indexOf(s.get(n, "severity")), n => s.get(n, "class"), n => s.get(n, "start_time") ?? Infinity];
    return (a, b) => { for (const k of keys) { const x = k(a), y = k(b); if (x !== y) return x < y ? -1 : 1; } return a - b; };
  }));
}

if (document.getElementById("list-closed")) {
  add(new List("closed", [...interval("closed"),
    rank(severities, "severity", "Severity"), text("class", "Class"), id("trunk_id", "Trunk"),
    id("conversation_id", "Conversation"), id("recording_id", "Recording"), text("closed_by", "Closed by", {class: "wide"}),
  ], findingDetail, () => (a, b) => a - b));
}

if (document.getElementById("list-repairs")) {
  add(new List("repairs", [
    text("field", "Field"),
    id("old_value", "Before", {class: "ids before", cell: (s, n) => s.get(n, "old_value") ? thing(s, "", s.get(n, "old_value")) : "absent"}),
    id("new_value", "After", {cell: (s, n) => thing(s, "", s.get(n, "new_value"))}), text("rule", "Rule"), id("recording_id", "Recording"), id("conversation_id", "Conversation"),
  ], (s, n) => [el("p", {}, "The value was " + (data.words.rules[s.get(n, "rule")] || s.get(n, "rule")) + ". Evidence: " + s.get(n, "evidence"))], () => (a, b) => a - b));
}

// remember puts an address into the history. A browser may forbid this to a file.
function remember(address, replace) {
  try { history[replace ? "replaceState" : "pushState"](null, "", address); } catch {}
}

// go shows what the address asks for: a finding, or a list with filters.
function go() {
  let hash = location.hash.slice(1);
  const [name, query] = hash.split(/\?(.*)/s);
  if (hash === "") { for (const list of Object.values(lists)) list.read(""); return; }
  if (query !== undefined && Object.hasOwn(lists, name)) {
    lists[name].read(query);
    lists[name].form.scrollIntoView();
    return;
  }

  try { hash = decodeURIComponent(hash); } catch {}
  const element = document.getElementById(hash);
  if (element) { if (element.tagName === "DETAILS") element.open = true; return; }
  for (const list of Object.values(lists)) {
    const row = list.of(hash);
    if (row !== undefined) { list.open(row); return; }
  }
  if (/^fnd-/.test(hash) && lists.findings) {
    lists.findings.counter.textContent = "Finding " + hash + " is not in this list.";
    lists.findings.form.scrollIntoView();
  }
}
addEventListener("hashchange", go);
// A link to where the address already is changes nothing, and must still lead there.
document.addEventListener("click", event => {
  const a = event.target instanceof Element && event.target.closest("a");
  if (a && (a.hash ?? "") && a.hash === location.hash) go();
});
for (const button of lists.findings ? document.querySelectorAll("[data-class]") : []) {
  button.addEventListener("click", () => { lists.findings.fill({class: button.dataset.class}); lists.findings.changed(); lists.findings.form.scrollIntoView(); });
}
if (location.hash) go();

addEventListener("beforeprint", () => document.querySelectorAll("details.more:not([open]), details.card:not([open])").forEach(d => { d.open = true; d.dataset.printed = ""; }));
addEventListener("afterprint", () => document.querySelectorAll("[data-printed]").forEach(d => { d.open = false; delete d.dataset.printed; }));
})();
