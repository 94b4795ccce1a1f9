/* A table of many rows: sorted and filtered as numbers, only rows in sight are in the document. */
const rtvolRows = (() => {
  const { data, element } = rtvolPage;
  const HIGH = 29, AROUND = 12;
  const at = Object.fromEntries(data.columns.map((column, n) => [column.key, n]));

  /* What a column is sorted by: numbers, and of texts their rank; NaN where there is nothing. */
  function keysOf(column, n) {
    const values = data.rows.map((row) => row[n]);
    if (column.kind === "number") return Float64Array.from(values, (value) => (value === null ? NaN : value));
    const compare = new Intl.Collator("en", { numeric: true, sensitivity: "variant" }).compare;
    const order = [...new Set(values)].sort(compare);
    const ranks = new Map(order.map((value, rank) => [value, value === "" ? NaN : rank]));
    return Float64Array.from(values, (value) => ranks.get(value));
  }

  const keys = {};
  /* Numbers of rows, by a column; what has no value comes last either way, equals keep their order. */
  function sorted(numbers, column, down) {
    const known = (keys[column] ??= keysOf(data.columns[column], column));
    const sign = down ? -1 : 1;
    return numbers.slice().sort((one, other) => {
      const [a, b] = [known[one], known[other]];
      if (a === b) return one - other;
      if (Number.isNaN(a)) return Number.isNaN(b) ? one - other : 1;
      if (Number.isNaN(b)) return -1;
      return sign * (a - b);
    });
  }

  const words = data.rows.map((row) => [row[at.case], row[at.reasons], row[at.findings]].join("\n").toLowerCase());
  function passing(filter) {
    const found = [];
    for (const number of data.ranked) {
      const row = data.rows[number];
      if (!filter.status.has(row[at.status])) continue;
      if (filter.only && !(row[at[filter.only]] > 0)) continue;
      if (filter.column !== null) {
        const value = row[filter.column];
        if (value === null || value < filter.from || value > filter.to) continue;
      }
      if (filter.text.some((word) => !words[number].includes(word))) continue;
      found.push(number);
    }
    return found;
  }

  function cell(row, number, column, n) {
    const value = row[n];
    if (column.kind === "number") return element("td", { class: "n" }, value === null ? "–" : value.toFixed(column.digits));
    if (column.key === "case" && data.links[number]) return element("td", { title: value }, element("a", { href: data.links[number] }, value));
    if (column.key === "status") return element("td", {}, element("span", { class: `status ${value}` }, value));
    return element("td", { title: value }, value);
  }

  function make(tell) {
    const frame = document.getElementById("rows"), table = document.getElementById("table");
    const body = table.tBodies[0], head = table.tHead.rows[0];
    let order = [], shown = "", picked = null, whole = false;
    let by = null, down = false, filter = null;

    function draw() {
      const count = whole ? order.length : Math.ceil(frame.clientHeight / HIGH) + 2 * AROUND;
      const first = whole ? 0 : Math.max(Math.min(Math.floor(frame.scrollTop / HIGH) - AROUND, order.length - count), 0);
      const last = Math.min(first + count, order.length);
      const now = `${first}-${last}`;
      if (now === shown) return;
      shown = now;
      const space = () => element("tr", { class: "space", "aria-hidden": "true" }, element("td", { colspan: data.columns.length }));
      const lines = order.slice(first, last).map((number, n) => {
        const row = data.rows[number];
        const line = element("tr", { "aria-rowindex": first + n + 2, "data-row": number, "aria-selected": String(number === picked) });
        line.append(...data.columns.map((column, at) => cell(row, number, column, at)));
        return line;
      });
      const [above, below] = [space(), space()];
      above.firstChild.style.height = `${first * HIGH}px`;
      below.firstChild.style.height = `${(order.length - last) * HIGH}px`;
      body.replaceChildren(above, ...lines, below);
    }

    function renew() {
      const passed = passing(filter);
      order = by === null ? passed : sorted(passed, by, down);
      shown = "";
      frame.scrollTop = 0;
      table.setAttribute("aria-rowcount", order.length + 1);
      [...head.cells].forEach((one, n) => one.setAttribute("aria-sort", n !== by ? "none" : down ? "descending" : "ascending"));
      draw();
      document.getElementById("count").textContent = `${order.length} of ${data.rows.length} cases` + (by === null ? ", most worth a look first" : `, by ${data.columns[by].label}`);
    }

    function pick(number) {
      picked = number;
      shown = "";
      draw();
      tell(number);
    }

    data.columns.forEach((column, n) => {
      const button = element("button", { type: "button", title: column.about, onclick: () => {
        // numbers begin with the greatest, texts with the first
        [by, down] = by === n ? [n, !down] : [n, column.kind === "number"];
        renew();
      } }, column.label);
      head.append(element("th", { scope: "col", class: column.kind === "number" ? "n" : "" }, button));
    });
    frame.addEventListener("scroll", () => requestAnimationFrame(draw));
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr[data-row]");
      if (line && !event.target.closest("a")) pick(Number(line.dataset.row));
    });
    new ResizeObserver(() => { shown = ""; draw(); }).observe(frame);
    addEventListener("beforeprint", () => { whole = true; shown = ""; draw(); });
    addEventListener("afterprint", () => { whole = false; shown = ""; draw(); });
    return {
      filter(wanted) { filter = wanted; renew(); },
      pick(number) {
        pick(number);
        frame.scrollTop = Math.max(order.indexOf(number) - 3, 0) * HIGH;
        draw();
      },
      unsort() { by = null; renew(); },
    };
  }

  return { make, sorted, passing, at };
})();
