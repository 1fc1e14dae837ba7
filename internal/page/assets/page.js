
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 50, PRINTED = 500;

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
  haystack(row) {
    return this.low[row] ??= this.raw.rows[row].map((v, i) => this.raw.kinds[i] === "text" ? this.raw.texts[v] : "").join("\n").toLowerCase();
  }
}

// List is a table of which one page of rows stands in the document at a time.
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
    this.head();
    this.sort = null;
    this.initial = [...Array(this.sheet.size).keys()].sort(order(this.sheet));
    this.size = PAGE;
    this.form.addEventListener("input", () => this.refresh());
    this.form.addEventListener("submit", event => event.preventDefault());
    this.form.querySelector("button").addEventListener("click", () => this.find({}));
    this.makePager();
    this.refresh();
  }
  head() {
    const row = this.table.tHead.rows[0];
    for (const c of this.columns) {
      const button = el("button", {type: "button"}, c.title);
      const th = el("th", {scope: "col", class: c.when}, button);
      button.addEventListener("click", () => this.sortBy(c, th));
      row.append(th);
    }
  }
  sortBy(column, th) {
    const down = th.getAttribute("aria-sort") === "ascending";
    for (const other of this.table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    th.setAttribute("aria-sort", down ? "descending" : "ascending");
    this.sort = {column, down};
    this.refresh();
  }
  matches() {
    const words = this.form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["class", "severity", "status", "relation"].filter(k => this.form.elements[k] && this.form.elements[k].value)
      .map(k => [k, this.form.elements[k].value]);
    const value = (row, k) => k === "relation" ? relationOf(this.sheet.get(row, "outage_relation")) : this.sheet.get(row, k);
    const found = this.initial.filter(row =>
      wanted.every(([k, v]) => value(row, k) === v) && words.every(w => this.sheet.haystack(row).includes(w)));
    if (this.sort) {
      const {column, down} = this.sort;
      const keys = new Map(found.map(row => [row, column.key(this.sheet, row)]));
      found.sort((a, b) => {
        const x = keys.get(a), y = keys.get(b), none = (x === "" || x === null) - (y === "" || y === null);
        return none || (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
      });
    }
    return found;
  }
  // find fills the form in anew and shows what matches.
  find(values) {
    for (const field of this.form.elements) if (field.name) field.value = values[field.name] || "";
    this.refresh();
  }
  refresh() {
    this.found = this.matches();
    this.show(0);
  }
  show(page) {
    const pages = Math.max(1, Math.ceil(this.found.length / this.size));
    this.page = Math.min(Math.max(page, 0), pages - 1);
    const from = this.page * this.size, rows = this.found.slice(from, from + this.size);
    this.table.tBodies[0].replaceChildren(...rows.map(row => this.row(row)));
    const all = grouped(this.sheet.size), n = this.found.length;
    this.counter.textContent = n === 0 ? "None of " + all + " match." :
      (n === this.sheet.size ? all + " " + this.name : grouped(n) + " of " + all + " " + this.name + " match") +
      (pages > 1 ? "; " + grouped(from + 1) + " to " + grouped(from + rows.length) + " are shown." : ".");
    this.pager.hidden = pages === 1;
    this.where.textContent = "page " + grouped(this.page + 1) + " of " + grouped(pages);
    for (const [button, to] of this.buttons) button.disabled = to(this.page, pages) === this.page;
  }
  makePager() {
    this.buttons = [["First", () => 0], ["Previous", p => Math.max(p - 1, 0)], ["Next", (p, n) => Math.min(p + 1, n - 1)], ["Last", (p, n) => n - 1]]
      .map(([label, to]) => {
        const button = el("button", {type: "button"}, label);
        button.addEventListener("click", () => this.show(to(this.page, Math.ceil(this.found.length / this.size))));
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
      const td = el("td", {class: [c.class, c.when].filter(Boolean).join(" ") || undefined});
      td.append(c.cell(this.sheet, n));
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
  label(n) { return this.sheet.get(n, this.sheet.raw.columns.includes("finding_id") ? "finding_id" : "recording_id") || "row " + (n + 1); }
  all(n) {
    const dl = el("dl");
    this.sheet.raw.columns.forEach((column, i) => {
      const v = this.sheet.get(n, column);
      if (v === "" || v === null) return;
      dl.append(el("dt", {}, column), el("dd", {}, this.sheet.raw.kinds[i] === "time" ? utc(v, true) : String(v)));
    });
    return dl;
  }
}

// The columns of lists. when says on which screens there is room for one.
const text = (column, title, more) => ({title, key: (s, n) => s.get(n, column), cell: (s, n) => s.get(n, column), ...more});
const id = (column, title, when) => text(column, title, {class: "cut id", when, cell: (s, n) => {
  const b = el("bdi", {}, s.get(n, column));
  b.title = s.get(n, column);
  return b;
}});
const rank = (list, column, title) => text(column, title, {key: (s, n) => list.indexOf(s.get(n, column)), cell: (s, n) => {
  return el("span", {class: column === "severity" ? "sev-" + s.get(n, column) : undefined}, s.get(n, column));
}});

// Clauses have neither capital nor full stop.
const sentence = clause => clause.charAt(0).toUpperCase() + clause.slice(1) + ".";

function outageCell(s, n) {
  const cause = s.get(n, "outage_cause"), relation = s.get(n, "outage_relation");
  if (cause) return (relation === "possible" ? "possibly " : "") + cause + (relation === "possible" ? "" : ", " + relation);
  return {none: "none", unknown: "cannot be told"}[relation] || "";
}

function findingDetail(s, n) {
  const name = s.get(n, "class"), detail = s.get(n, "detail"), words = data.words.causes[s.get(n, "outage_cause")];
  const about = data.words.classes[name], more = data.words.details.find(d => d.class === name && (d.form === detail || d.form.endsWith("=") && detail.startsWith(d.form)));
  const parts = about ? [el("p", {}, sentence(about.sentence))] : [];
  if (more) parts.push(el("p", {}, sentence(more.sentence)));
  if (about) parts.push(el("p", {}, "What to do: " + (more && more.remedy || about.remedy) + "."));
  const outage = s.get(n, "outage_id");
  if (name === "repaired_field" && data.words.rules[detail]) parts.push(el("p", {}, "The value of " + s.get(n, "field") + " was " + data.words.rules[detail] + "."));
  if (outage) {
    parts.push(el("p", {}, (s.get(n, "outage_relation") === "possible" ? "It possibly coincides" : "It coincides") + " with registration outage " + outage +
      (words ? ": " + words.sentence + ". What to do: " + words.remedy + "." : ".")));
  }
  return parts;
}

// A command is selected, and copied where the browser lets a page do that.
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.setAttribute("aria-label", "Copy " + button.previousElementSibling.textContent);
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(button.previousElementSibling);
    let copied = false;
    try { copied = document.execCommand("copy"); } catch {}
    if (!copied) try { await navigator.clipboard.writeText(button.previousElementSibling.textContent); copied = true; } catch {}
    button.textContent = copied ? "Copied" : "Selected";
  });
}

// A page about many intervals says of which one each finding is.
const interval = name => data[name].columns.includes("interval") ? [text("interval", "Interval", {class: "time"})] : [];

if (document.getElementById("list-findings")) {
  const list = new List("findings", [...interval("findings"),
    rank(severities, "severity", "Severity"), text("class", "Class"), rank(statuses, "status", "Status"),
    {title: "Start (UTC)", class: "time", key: (s, n) => s.get(n, "start_time"), cell: (s, n) => s.get(n, "start_time") === null ? "" : utc(s.get(n, "start_time"))},
    id("trunk_id", "Trunk", "second"), id("conversation_id", "Conversation", "second"), id("recording_id", "Recording", "third"),
    {title: "Outage", when: "second", key: outageCell, cell: outageCell},
  ], findingDetail, s => {
    const settled = n => statuses.indexOf(s.get(n, "status")) > 1;
    const keys = [settled, n => severities.indexOf(s.get(n, "severity")), n => s.get(n, "class"), n => s.get(n, "start_time") ?? Infinity];
    return (a, b) => { for (const k of keys) { const x = k(a), y = k(b); if (x !== y) return x < y ? -1 : 1; } return a - b; };
  });
  for (const button of document.querySelectorAll("[data-class]")) {
    button.addEventListener("click", () => {
      list.find({class: button.dataset.class});
      list.form.elements.class.focus();
    });
  }
  printable(list);
}

if (document.getElementById("list-closed")) {
  printable(new List("closed", [...interval("closed"),
    rank(severities, "severity", "Severity"), text("class", "Class"), id("trunk_id", "Trunk", "second"),
    id("conversation_id", "Conversation", "second"), id("recording_id", "Recording", "third"),
  ], findingDetail, () => (a, b) => a - b));
}

if (document.getElementById("list-repairs")) {
  printable(new List("repairs", [
    text("field", "Field"),
    text("old_value", "Before", {class: "cut id before", cell: (s, n) => s.get(n, "old_value") || "absent"}),
    id("new_value", "After"), text("rule", "Rule"), id("recording_id", "Recording", "second"), id("conversation_id", "Conversation", "third"),
  ], (s, n) => [el("p", {}, "The value was " + (data.words.rules[s.get(n, "rule")] || s.get(n, "rule")) + ". Evidence: " + s.get(n, "evidence"))], () => (a, b) => a - b));
}

// Paper has no pages to turn: what matches is printed, up to a limit.
function printable(list) {
  addEventListener("beforeprint", () => { list.size = PRINTED; list.show(0); });
  addEventListener("afterprint", () => { list.size = PAGE; list.show(0); });
}
addEventListener("beforeprint", () => document.querySelectorAll("details.more:not([open]), details.card:not([open])").forEach(d => { d.open = true; d.dataset.printed = ""; }));
addEventListener("afterprint", () => document.querySelectorAll("[data-printed]").forEach(d => { d.open = false; delete d.dataset.printed; }));
})();
