/* The page over many cases: filters, the table, distributions, bands. */
(async () => {
  const { data, arrays, element, trouble } = rtvolPage;
  const find = (id) => document.getElementById(id);
  const at = rtvolRows.at;

  function tell(number) {
    const row = data.rows[number];
    const parts = [element("b", {}, row[at.case]), ` (${row[at.status]}): `, row[at.reasons] || "nothing stands apart", ". Findings: ", row[at.findings] || "none", ". "];
    if (data.links[number]) parts.push(element("a", { href: data.links[number] }, "Open its page"));
    find("detail").replaceChildren(...parts);
  }
  const table = rtvolRows.make(tell);

  for (const [n, column] of data.columns.entries()) if (column.kind === "number") find("column").append(element("option", { value: n }, column.label));
  const bound = (id, open) => (find(id).value === "" ? open : Number(find(id).value));
  const boxes = [...document.querySelectorAll("input[name=status]")];
  function filter() {
    const ranged = find("from").value !== "" || find("to").value !== "";
    table.filter({
      text: find("find").value.toLowerCase().split(/\s+/).filter(Boolean),
      status: new Set(boxes.filter((box) => box.checked).map((box) => box.value)),
      only: find("only").value,
      column: ranged ? Number(find("column").value) : null,
      from: bound("from", -Infinity), to: bound("to", Infinity),
    });
  }
  for (const id of ["find", "from", "to"]) find(id).addEventListener("input", filter);
  for (const one of [...boxes, find("only"), find("column")]) one.addEventListener("change", filter);
  function reset() {
    for (const id of ["find", "from", "to", "only"]) find(id).value = "";
    for (const box of boxes) box.checked = true;
    filter();
    table.unsort();
  }
  find("reset").addEventListener("click", reset);
  reset();

  if (data.measures.length) {
    let packed;
    try {
      packed = await arrays("arrays", data.arrays);
    } catch (error) {
      trouble("This browser cannot unpack the distributions of this page (it has no DecompressionStream).");
    }
    if (packed) {
      let start = 0;
      const parts = data.measures.map((measure) => {
        const cut = (name) => packed[name].subarray(start, start + measure.count);
        const part = { measure, values: cut("values"), cases: cut("cases"), outlying: cut("outlying"), names: Array.from(cut("names"), (n) => data.names[n]) };
        start += measure.count;
        return part;
      });
      const pick = (number) => { reset(); table.pick(number); find("cases").scrollIntoView(); };
      const panel = (one) => rtvolSpreads.panel(one.measure, one.values, one.cases, one.outlying, one.names, (number) => data.rows[number][at.case], pick);
      const main = parts.filter((one) => one.measure.target), others = parts.filter((one) => !one.measure.target);
      find("panels").append(...main.map(panel));
      find("more").hidden = !others.length;
      others.forEach((one, n) => {
        const apart = one.outlying.reduce((sum, flag) => sum + flag, 0);
        find("measure").append(element("option", { value: n }, `${one.measure.group}: ${one.measure.quantity}` + (apart ? ` (${apart} outlying)` : "")));
      });
      const other = () => find("panel").replaceChildren(...(others.length ? [panel(others[Number(find("measure").value)])] : []));
      find("measure").addEventListener("change", other);
      other();
    }
  }
  rtvolBands.make();
  document.body.dataset.ready = "yes";
})();
