/* Distributions: bars of how many, the median, limits, and each outlying value as a mark. */
const rtvolSpreads = (() => {
  const { element, drawing } = rtvolPage;
  const WIDE = 320, LOW = 84, TOP = 8, BARS = 32, MARKS = 400, NAMED = 4;
  const number = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString());

  function panel(measure, values, cases, outlying, names, caseName, pick) {
    const unit = measure.unit ? ` ${measure.unit}` : "";
    const usable = (value) => !measure.ratio || value > 0;
    const scale = (value) => (measure.ratio ? Math.log(value) : value);
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) if (usable(value)) { low = Math.min(low, scale(value)); high = Math.max(high, scale(value)); }
    if (!(high > low)) { const middle = Number.isFinite(low) ? low : 0, pad = measure.ratio ? 0.1 : Math.max(Math.abs(middle) * 0.05, 0.1); [low, high] = [middle - pad, middle + pad]; }
    const place = (value) => (usable(value) ? 6 + ((scale(value) - low) / (high - low)) * (WIDE - 12) : 6);
    const counts = new Array(BARS).fill(0), apart = [];
    values.forEach((value, n) => {
      if (outlying[n]) apart.push(n);
      else if (usable(value)) counts[Math.min(Math.floor(((scale(value) - low) / (high - low)) * BARS), BARS - 1)] += 1;
    });
    const most = Math.max(...counts, 1), wide = (WIDE - 12) / BARS;
    const told = (n) => `${caseName(cases[n])}, ${names[n]}: ${number(values[n])}${unit}`;
    const svg = drawing("svg", { viewBox: `0 0 ${WIDE} 108`, role: "img", "aria-label": `${measure.group} ${measure.quantity}: ${values.length} values, median ${number(measure.median)}${unit}, ${apart.length} outlying` });
    svg.append(...counts.map((count, n) => drawing("rect", { class: "bar", x: 6 + n * wide + 0.4, width: wide - 0.8, y: LOW - (count / most) * (LOW - TOP - 8), height: (count / most) * (LOW - TOP - 8) })));
    svg.append(drawing("line", { class: "axis", x1: 2, x2: WIDE - 2, y1: LOW, y2: LOW }));
    const limits = [measure.low, measure.high].filter((value) => value !== null && usable(value) && scale(value) > low && scale(value) < high);
    svg.append(...limits.map((value) => drawing("line", { class: "limit", x1: place(value), x2: place(value), y1: TOP, y2: LOW })));
    svg.append(drawing("line", { class: "middle", x1: place(measure.median), x2: place(measure.median), y1: TOP, y2: LOW }));
    for (const n of apart.slice(0, MARKS)) {
      const x = place(values[n]);
      const mark = drawing("path", { class: "mark", d: `M ${x} ${LOW - 16} l 5 9 h -10 z`, tabindex: 0, role: "button", "aria-label": told(n) }, drawing("title", {}, told(n)));
      mark.addEventListener("click", () => pick(cases[n]));
      mark.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(cases[n]); } });
      svg.append(mark);
    }
    const ends = measure.ratio ? [Math.exp(low), Math.exp(high)] : [low, high];
    svg.append(drawing("text", { x: 4, y: 101 }, number(ends[0])), drawing("text", { x: WIDE - 4, y: 101, "text-anchor": "end" }, `${number(ends[1])}${unit}`));
    const farthest = apart.slice().sort((a, b) => Math.abs(scale(values[b]) - scale(measure.median)) - Math.abs(scale(values[a]) - scale(measure.median)));
    const listed = farthest.slice(0, NAMED).flatMap((n) => [element("br"), element("button", { type: "button", onclick: () => pick(cases[n]) }, told(n))]);
    const usual = measure.high === null ? "too few for limits" : `usual ${measure.low === null ? "" : `${number(measure.low)} `}to ${number(measure.high)}`;
    return element("figure", { class: "panel" },
      element("figcaption", {}, `${measure.group}: ${measure.quantity}${unit && `,${unit}`}${measure.ratio ? " (log scale)" : ""}`), svg,
      element("p", {}, `${values.length} values, median ${number(measure.median)}, ${usual}; outlying: ${apart.length}`, ...listed, ...(apart.length > NAMED ? [element("br"), `and ${apart.length - NAMED} more`] : [])));
  }

  return { panel };
})();
