// What the pages do: theme, search, filter, charts, tracing. No library but the charts' own.
"use strict";

const at = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// --- theme: the system's, until the button chooses ---------------------------------------------
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const printing = matchMedia("print");
function applyTheme() {
  let chosen = "";
  try { chosen = localStorage.theme || ""; } catch (_) { /* no storage for this page */ }
  const dark = (chosen ? chosen === "dark" : systemDark.matches) && !printing.matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}
at("#theme").addEventListener("click", () => {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.theme = next; } catch (_) { /* it holds for this page then */ }
  document.documentElement.dataset.theme = next;
});
systemDark.addEventListener("change", applyTheme);
addEventListener("beforeprint", () => { document.documentElement.dataset.theme = "light"; paper(true); });
addEventListener("afterprint", () => { applyTheme(); paper(false); });
// Charts are drawn anew as wide as they are on paper: what is made smaller there cannot be read.
function paper(on) {
  document.documentElement.classList.toggle("paper", on);
  dispatchEvent(new Event("resize"));
}
applyTheme();

// --- charts: Vega-Lite says much that is no fault, such as that a chart of rows has its own height --
const ONLY_ERRORS = 1;
function chart(element, spec, rows, style) {
  return vegaEmbed(element, { ...spec, datasets: { rows } }, {
    actions: false, renderer: "svg", config: style, logLevel: ONLY_ERRORS, tooltip: { theme: "custom", disableDefaultStyle: true },
  });
}

// --- search: every word must be found; names weigh more than descriptions ----------------------
const box = at("#search"), list = at("#found");
let marked = -1;
function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  const weighed = (window.SEARCH || []).map(([name, kind, address, told]) => {
    const title = name.toLowerCase(), whole = `${title} ${kind} ${told}`.toLowerCase();
    if (!words.every((word) => whole.includes(word))) return null;
    const rank = title === words.join(" ") ? 0 : title.startsWith(words[0]) ? 1 : words.every((w) => title.includes(w)) ? 2 : 3;
    return { name, kind, address, told, rank: rank * 1000 + title.length };
  });
  return weighed.filter(Boolean).sort((a, b) => a.rank - b.rank).slice(0, 20);
}
function showFound() {
  const found = search(box.value);
  marked = -1;
  list.replaceChildren(...found.map((entry, number) => {
    const item = make("li", undefined, { role: "option", id: `found-${number}`, "aria-selected": "false" });
    const link = make("a", entry.name, { href: document.body.dataset.root + entry.address, tabindex: "-1" });
    link.append(make("small", `${entry.kind}${entry.told ? ": " + entry.told : ""}`));
    item.append(link);
    return item;
  }));
  if (box.value.trim() && !found.length) list.append(make("li", "Nothing found", { role: "option", "aria-disabled": "true" }));
  list.hidden = !box.value.trim();
  box.setAttribute("aria-expanded", String(!list.hidden));
}
function mark(step) {
  const items = all("[aria-selected]", list);
  if (!items.length) return;
  marked = (marked + step + items.length) % items.length;
  items.forEach((item, number) => item.setAttribute("aria-selected", String(number === marked)));
  items[marked].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", items[marked].id);
}
box.addEventListener("input", showFound);
box.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); mark(event.key === "ArrowDown" ? 1 : -1); }
  if (event.key === "Enter") { const link = all("a", list)[Math.max(marked, 0)]; if (link) link.click(); }
  if (event.key === "Escape") { box.value = ""; showFound(); box.blur(); }
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.tagName)) { event.preventDefault(); box.focus(); }
});
addEventListener("click", (event) => { if (!event.target.closest(".search")) list.hidden = true; });

// --- numbers as people read them, as crm_ibis.site.numbers writes them --------------------------
const PLACES = { count: 0, money: 2, pct: 1, hours: 1, days: 1, score: 1, number: 2 };
const UNITS = { pct: "\u00a0%", hours: "\u00a0h", days: "\u00a0d" };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const monthName = (month) => `${MONTHS[+month.slice(5, 7) - 1]} ${month.slice(0, 4)}`;
function written(value, kind) {
  if (value === null || value === undefined) return "–";
  if (kind === "month") return monthName(value);
  if (kind === "text") return String(value);
  const places = PLACES[kind];
  const text = value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
  return text.replace(/^-(?=[0.,]*$)/, "") + (UNITS[kind] || "");
}
const BY_NAME = new Intl.Collator("en", { numeric: true }); // Site 2 before Site 10
// Large amounts in thousands, millions or billions.
function short(value, kind) {
  if (kind !== "money" || value === null || Math.abs(value) < 1e5) return written(value, kind);
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 2 }).format(value);
}
function change(now, before, kind) {
  if (now === null) return "nothing to measure";
  if (before === null || before === undefined) return "no month before to compare";
  const by = now - before, sign = by > 0 ? "+" : by < 0 ? "−" : "±";
  if (kind === "pct") return `${sign}${written(Math.abs(by), "score")} points on the month before`;
  const share = (kind === "count" || kind === "money") && before > 0 ? ` (${sign}${written(Math.abs(100 * by / before), "pct")})` : "";
  return `${sign}${short(Math.abs(by), kind)}${share} on the month before`;
}

// --- rows: filtered, added up, divided at the end ----------------------------------------------
function decode(columns) {
  const names = Object.keys(columns);
  const lists = names.map((name) => (Array.isArray(columns[name]) ? columns[name] : columns[name].at.map((i) => columns[name].of[i])));
  return (lists[0] || []).map((_, row) => Object.fromEntries(names.map((name, column) => [name, lists[column][row]])));
}
const total = (a, b) => (b === null || b === undefined ? a : (a ?? 0) + b);
function grouped(figure, rows) {
  const groups = new Map();
  const weights = Object.entries(figure.means);
  for (const row of rows) {
    const key = JSON.stringify(figure.by.map((name) => row[name]));
    let group = groups.get(key);
    if (!group) groups.set(key, group = { ...Object.fromEntries([...figure.by.map((n) => [n, row[n]]), ...figure.sums.map((n) => [n, null])]), _rows: 0, _sums: {} });
    group._rows += 1;
    for (const name of figure.sums) group[name] = total(group[name], row[name]);
    for (const [name, [value, weight]] of weights) group._sums[name] = total(group._sums[name] ?? null, row[value] === null ? null : row[value] * row[weight]);
    for (const [name, [value]] of weights) if (group._rows === 1) group._sums[`${name}!`] = row[value];
  }
  return [...groups.values()];
}
function derived(figure, group) {
  for (const [name, [part, whole]] of Object.entries(figure.ratios)) {
    const below = whole.split("+").reduce((sum, column) => total(sum, group[column]), null);
    group[name] = below ? 100 * group[part] / below : null;
  }
  // The mean of one row is that row's own value, to the last digit.
  for (const [name, [, weight]] of Object.entries(figure.means)) {
    group[name] = group._rows === 1 ? group._sums[`${name}!`] : group[weight] ? group._sums[name] / group[weight] : null;
  }
  for (const [name, [part, whole]] of Object.entries(figure.intervals)) {
    [group[`${name}_low`], group[`${name}_high`]] = wilson(group[part], group[whole]);
  }
  delete group._rows; delete group._sums;
  return group;
}
function wilson(c, n) {
  if (!n) return [null, null];
  const middle = c + 1.9208, reach = 1.96 * Math.sqrt(c * (n - c) / n + 0.9604), whole = n + 3.8416;
  return [c ? 100 * (middle - reach) / whole : 0, c === n ? 100 : 100 * (middle + reach) / whole];
}

const dataElement = at("#data");
if (dataElement) scorecard(JSON.parse(dataElement.textContent));

function scorecard(data) {
  const tables = Object.fromEntries(Object.entries(data.tables).map(([name, columns]) => [name, decode(columns)]));
  const months = [...new Set(data.figures.filter((f) => f.month).flatMap((f) => tables[f.dataset].map((row) => row[f.month])).concat(tables.headlines.map((r) => r.month)))].sort();
  const facility = at("#facility"), from = at("#from"), to = at("#to");
  if (!facility) return;
  const start = data.fiscal_year_start, quarters = Object.entries(byQuarter(months));
  for (const select of [from, to]) select.replaceChildren(...start === 1 ? options(months) : quarters.map(([label, within]) => {
    const group = make("optgroup", undefined, { label });
    group.append(...options(within));
    return group;
  }));

  function options(within) {
    return within.map((month) => make("option", monthName(month), { value: month }));
  }
  // Fiscal years are named after the calendar year in which they end.
  function byQuarter(within) {
    const found = {};
    for (const month of within) {
      const number = 12 * +month.slice(0, 4) + +month.slice(5, 7) - 1 + (13 - data.fiscal_year_start) % 12;
      (found[`FY${Math.floor(number / 12)} Q${Math.floor(number % 12 / 3) + 1}`] ??= []).push(month);
    }
    return found;
  }
  const drawn = new Map();
  const chosen = () => ({ facility: facility.value, from: from.value, to: to.value });
  const running = (month) => Boolean(data.running && month >= data.running);

  function rowsOf(figure) {
    const { facility: place, from: first, to: end } = chosen();
    let rows = tables[figure.dataset].filter((row) => (!place || row.facility_id === place)
      && (!figure.month || (row[figure.month] >= first && row[figure.month] <= end))
      && Object.entries(figure.only).every(([name, value]) => row[name] === value));
    if (figure.last) {
      const newest = rows.reduce((latest, row) => (row[figure.month] > latest ? row[figure.month] : latest), "");
      rows = rows.filter((row) => row[figure.month] === newest);
    }
    return grouped(figure, rows).map((group) => {
      derived(figure, group);
      if ("facility_id" in group) group.facility = data.facilities[group.facility_id] ?? group.facility_id;
      if (figure.series.length) group.series = figure.series.map((name) => (name === "facility_id" ? group.facility : group[name]) ?? "–").join(", ");
      if (figure.small) group.small = (group[figure.small] ?? 0) < data.small;
      group.incomplete = "is_complete" in group ? !group.is_complete : running(group[figure.month] ?? "");
      return group;
    }).sort((a, b) => order(figure, a, b));
  }
  const label = (figure, row) => row.series ?? row.facility ?? row[figure.by[0]];
  // Rows of one label (a facility's priorities) stay together, by what they add up to.
  function ranked(figure, rows) {
    if (!figure.first || figure.first[0] === "series") return rows;
    const [name, direction] = figure.first, sums = new Map();
    for (const row of rows) sums.set(label(figure, row), total(sums.get(label(figure, row)) ?? null, row[name]));
    const worth = (row) => sums.get(label(figure, row)) ?? (direction === "desc" ? -Infinity : Infinity);
    return [...rows].sort((a, b) => (direction === "desc" ? -1 : 1) * (worth(a) - worth(b) || 0));
  }
  function order(figure, a, b) {
    const keys = ["facility", ...figure.by];
    for (const key of keys) {
      const [x, y] = [a[key], b[key]];
      if (x !== y) return key === "facility" ? BY_NAME.compare(x, y) : x < y ? -1 : 1;
    }
    return 0;
  }
  const top = (figure, rows) => {
    if (!figure.first) return rows;
    const kept = [...new Set(rows.map((row) => label(figure, row)))].slice(0, figure.first[2]);
    return rows.filter((row) => kept.includes(label(figure, row)));
  };

  async function draw(figure) {
    const place = document.getElementById(figure.name), area = at(".chart", place), said = at(".said", place);
    const rows = ranked(figure, rowsOf(figure));
    const silent = figure.one_facility && !chosen().facility ? "Choose a facility to see its months."
      : rows.length ? "" : figure.nothing;
    area.hidden = Boolean(silent); said.hidden = !silent; said.textContent = silent;
    at("details", place).hidden = Boolean(silent);
    if (silent) { place.dataset.state = "silent"; return; }
    fill(at("table", place), figure, rows);
    place.dataset.state = "drawing";
    // Drawn anew, as a legend would keep the columns that fitted the names before.
    if (figure.series.length && drawn.has(area)) { (await drawn.get(area)).finalize(); drawn.delete(area); }
    await show(area, figure.spec, top(figure, rows));
    place.dataset.state = "drawn";
  }
  async function show(element, spec, rows) {
    const view = drawn.get(element);
    if (view) { await (await view).view.data("rows", rows).resize().runAsync(); return; }
    drawn.set(element, chart(element, spec, rows, data.style));
    await drawn.get(element);
  }
  function fill(table, figure, rows) {
    const head = make("thead"), body = make("tbody"), titles = make("tr");
    for (const [, title, kind] of figure.columns) titles.append(make("th", title, { scope: "col", ...(kind === "text" ? { class: "text" } : {}) }));
    head.append(titles);
    for (const row of rows) {
      const line = make("tr");
      figure.columns.forEach(([name, , kind], place) => {
        const cell = make("td", written(row[name], kind), kind === "text" ? { class: "text" } : { title: row[name] ?? "" });
        if (place === 0 && row.incomplete) cell.append(" ", make("span", "unfinished", { class: "few" }));
        if (place === 0 && row.small) cell.append(" ", make("span", `n < ${data.small}`, { class: "few" }));
        line.append(cell);
      });
      body.append(line);
    }
    table.replaceChildren(head, body);
  }

  function headlines() {
    const { facility: place, from: first, to: end } = chosen();
    const every = tables.headlines.filter((row) => row.facility_id === place).sort((a, b) => (a.month < b.month ? -1 : 1));
    const rows = every.filter((row) => row.month >= first && row.month <= end);
    if (!tables.headlines.length) return; // then the page says so
    at("#selection").textContent = `${place ? data.facilities[place] : "All facilities"}, ${monthName(first)} to ${monthName(end)}.`
      + (running(end) ? ` ${monthName(data.running)} still ran when this was computed.` : "");
    monthTable(rows);
    cards(rows, every);
  }
  function monthTable(rows) {
    const table = at("#months"), titles = make("tr");
    if (!table) return;
    titles.append(at("thead tr:last-child th", table), ...rows.map((row) => make("th", monthName(row.month) + (running(row.month) ? "*" : ""), { scope: "col" })));
    at("thead", table).replaceChildren(...start === 1 ? [] : [quarterTitles(rows)], titles);
    at("tbody", table).replaceChildren(...data.lines.map(([name, title, kind, observations]) => {
      const line = make("tr", undefined, { "data-line": name });
      const head = make("th", title, { scope: "row" });
      if (data.remarks[name]) head.append(" ", make("span", data.remarks[name], { class: "few" }));
      line.append(head, ...rows.map((row) => {
        const cell = make("td", short(row[name], kind), { title: row[name] ?? "" });
        if (observations && row[name] !== null && row[observations] !== null && row[observations] < data.small) cell.append(" ", make("span", "n", { class: "few" }));
        return cell;
      }));
      return line;
    }));
    table.parentElement.scrollLeft = table.scrollWidth; // the newest months
  }
  function quarterTitles(rows) {
    const titles = make("tr", undefined, { class: "quarters" });
    const found = Object.entries(byQuarter(rows.map((row) => row.month)));
    titles.append(make("td"), ...found.map(([name, within]) => make("th", name, { scope: "colgroup", colspan: within.length })));
    return titles;
  }
  function cards(rows, every) {
    const list = at("#cards");
    if (!list) return;
    if (!list.children.length) list.replaceChildren(...data.headlines.map(([name]) => {
      const card = make("li", undefined, { id: `headline-${name}` });
      card.append(make("h3"), make("div", "", { class: "value" }), make("div", "", { class: "change" }), make("div", "", { class: "rests" }), make("div", undefined, { class: "spark" }));
      return card;
    }));
    // A month that still ran would look like a fall.
    const last = rows.filter((row) => !running(row.month)).at(-1) ?? rows.at(-1), before = last && every[every.indexOf(last) - 1];
    data.headlines.forEach(([name, title, kind, observations, of]) => {
      const card = at(`#headline-${name}`, list);
      const now = last ? last[name] : null, known = last && before && nextMonth(before.month) === last.month ? before[name] : null;
      at("h3", card).textContent = title + (last ? `, ${monthName(last.month)}${running(last.month) ? "*" : ""}` : "");
      at(".value", card).textContent = short(now, kind);
      at(".value", card).title = now ?? "";
      at(".change", card).textContent = data.lacking[name] ? "cannot be known" : tooLittle(name, last) ? "coverage too small" : change(now, known, kind);
      at(".rests", card).replaceChildren(...rests(last && observations ? last[observations] : null, of, name, last));
      const spark = rows.filter((row) => row[name] !== null && (!running(row.month) || row === last)).map((row) => ({ month: row.month, month_name: monthName(row.month), value: row[name] }));
      at(".spark", card).hidden = !spark.length;
      if (spark.length) show(at(".spark", card), data.sparkline, spark);
    });
  }
  // Components of the health score exist, and weigh too little for a score.
  function tooLittle(name, last) {
    return name === "overall_health_score" && last && last[name] === null && last.coverage_pct !== null;
  }
  function rests(count, of, name, last) {
    if (data.lacking[name]) return [make("span", `computed without ${data.lacking[name]}`, { class: "few" })];
    if (tooLittle(name, last)) return [make("span", `${written(last.coverage_pct, "pct")} of the weights, min ${written(data.min_coverage, "pct")}`, { class: "few" })];
    if (name === "overall_health_score" && last && last.health_status) return [last.health_status];
    if (count === null || count === undefined || !of) return [];
    // The company's attainment is a mean over facilities, and no share of all targets.
    const shares = name !== "sla_attainment_pct" || last.facility_id !== "";
    const text = `${shares ? "of " : ""}${written(count, "count")} ${of}`;
    return [count < data.small ? make("span", `${text}: few`, { class: "few" }) : text];
  }
  function nextMonth(month) {
    const [year, number] = month.split("-").map(Number);
    return number === 12 ? `${year + 1}-01-01` : `${year}-${String(number + 1).padStart(2, "0")}-01`;
  }

  // The selection is in the address, so that a link keeps it.
  function restore() {
    const given = new URLSearchParams(location.hash.slice(1));
    facility.value = data.facilities[given.get("facility")] !== undefined ? given.get("facility") : "";
    from.value = months.includes(given.get("from")) ? given.get("from") : months[0];
    to.value = months.includes(given.get("to")) ? given.get("to") : months.at(-1);
  }
  const seen = new Set();
  let work = Promise.resolve();
  const step = (figure) => { work = work.then(() => draw(figure)); };
  function update() {
    if (from.value > to.value) to.value = from.value;
    headlines();
    data.figures.filter((figure) => seen.has(figure.name)).forEach(step);
  }
  function select() {
    history.replaceState(null, "", "#" + new URLSearchParams(chosen()));
    update();
  }
  for (const control of [facility, from, to]) control.addEventListener("change", select);
  at("#filter").addEventListener("submit", (event) => event.preventDefault());
  at("#filter").addEventListener("reset", () => setTimeout(() => { history.replaceState(null, "", "#"); restore(); select(); }));
  restore();
  update();
  // What is on the screen is drawn first, the rest when nothing else is to be done.
  const watcher = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => begin(entry.target.id)), { rootMargin: "300px" });
  function begin(name) {
    if (seen.has(name)) return;
    seen.add(name);
    step(data.figures.find((figure) => figure.name === name));
  }
  data.figures.forEach((figure) => watcher.observe(document.getElementById(figure.name)));
  const idle = window.requestIdleCallback || ((task) => setTimeout(task, 200));
  (function rest() {
    const waiting = data.figures.find((figure) => !seen.has(figure.name));
    if (waiting) idle(() => { begin(waiting.name); work.then(rest); });
    else work.then(() => { document.body.dataset.drawn = "all"; });
  })();
}

// --- lists: sorted by a click on the title of a column; what is missing comes last -----------------
const compared = (one, other) => (isNaN(one) || isNaN(other) ? BY_NAME.compare(one, other) : one - other);
for (const table of all(".sortable")) sortable(table);

function sortable(table) {
  const titles = all("thead th", table);
  titles.forEach((title, place) => {
    const button = make("button", title.textContent, { type: "button" });
    button.addEventListener("click", () => sort(place, title.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending"));
    title.replaceChildren(button);
  });
  function sort(place, direction) {
    const sign = direction === "ascending" ? 1 : -1, value = (row) => row.cells[place].dataset.sort;
    const compare = (one, other) => (one === "") - (other === "") || sign * compared(one, other);
    at("tbody", table).append(...all("tbody tr", table).sort((one, other) => compare(value(one), value(other))));
    titles.forEach((title) => title.removeAttribute("aria-sort"));
    titles[place].setAttribute("aria-sort", direction);
  }
}
// --- SQL: one dialect at a time, copied with a click -------------------------------------------
for (const tabs of all(".tabs")) {
  const buttons = all("button", tabs);
  buttons.forEach((button) => button.addEventListener("click", () => buttons.forEach((other) => {
    other.setAttribute("aria-pressed", String(other === button));
    document.getElementById(other.dataset.shows).hidden = other !== button;
  })));
}
for (const button of all(".copy")) {
  button.addEventListener("click", async () => {
    const text = at("pre", button.parentElement).textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; }
    catch (_) { getSelection().selectAllChildren(at("pre", button.parentElement)); button.textContent = "Selected"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

// --- lineage: what a table comes from and goes into ---------------------------------------------
const drawing = at(".lineage");
if (drawing) trace(JSON.parse(at("#lineage-data").textContent));

function trace(data) {
  const nodes = all(".node", drawing), lines = all("path", drawing);
  const reach = (start, from, to) => {
    const reached = new Set(start);
    for (let size = 0; size !== reached.size;) {
      size = reached.size;
      lines.forEach((line) => { if (reached.has(line.dataset[from])) reached.add(line.dataset[to]); });
    }
    return reached;
  };
  function highlight(up, down) {
    const on = new Set([...up, ...down]);
    drawing.classList.toggle("traced", on.size > 0);
    nodes.forEach((node) => node.classList.toggle("on", on.has(node.dataset.name)));
    lines.forEach((line) => {
      const { from, to } = line.dataset;
      line.classList.toggle("on", (up.has(from) && up.has(to)) || (down.has(from) && down.has(to)));
    });
  }
  const whole = (name) => highlight(reach([name], "to", "from"), reach([name], "from", "to"));
  nodes.forEach((node) => {
    for (const event of ["mouseenter", "focus"]) node.addEventListener(event, () => whole(node.dataset.name));
    for (const event of ["mouseleave", "blur"]) node.addEventListener(event, traceColumn);
  });

  const table = at("#trace-table"), column = at("#trace-column"), origins = at("#trace-origins");
  function columns() {
    const names = Object.keys(data[table.value] || {});
    column.replaceChildren(make("option", "choose a column", { value: "" }), ...names.map((name) => make("option", name, { value: name })));
    traceColumn();
  }
  function traceColumn() {
    const told = (data[table.value] || {})[column.value];
    origins.replaceChildren();
    if (!told) { table.value ? whole(table.value) : highlight(new Set(), new Set()); return; }
    const through = new Set([table.value, ...told.through]);
    highlight(through, new Set());
    origins.append(...told.sources.map(([name, of]) => {
      const item = make("li");
      item.append(make("a", of === "*" ? `rows of ${name}` : `${name}.${of}`, { href: `tables/${name}.html${of === "*" ? "" : "#" + of}` }));
      return item;
    }));
    if (!told.sources.length) origins.append(make("li", "no source column: it is made up by the query"));
  }
  table.addEventListener("change", columns);
  column.addEventListener("change", traceColumn);
  columns();
}

// --- runs: how numbers changed after the fact ---------------------------------------------------
const trends = at("#trend-data");
if (trends) {
  const charts = JSON.parse(trends.textContent);
  Promise.all(all("[data-trend]").map((element) => {
    const { spec, style, rows } = charts[element.dataset.trend];
    return chart(element, spec, rows, style);
  })).then(() => { document.body.dataset.drawn = "all"; });
}
