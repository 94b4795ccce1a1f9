/* Bands of dose-volume histograms over a cohort. */
const rtvolBands = (() => {
  const { data, element, swatch, isDark } = rtvolPage;
  const LINES = [
    { label: "5th percentile", width: 1.4, dash: [1.5, 3] }, { label: "Lower quartile", width: 1.4, dash: [5, 3] },
    { label: "Median", width: 2.6, dash: [] },
    { label: "Upper quartile", width: 1.4, dash: [14, 4] }, { label: "95th percentile", width: 1.4, dash: [9, 3, 2, 3] },
  ];

  const curves = (count) => `${count} curve${count === 1 ? "" : "s"}`;

  function make() {
    const place = document.getElementById("band-chart"), choice = document.getElementById("band");
    if (!place) return;
    data.bands.forEach((band, n) => choice.append(element("option", { value: n }, `${band.name}: ${curves(band.cases)}`)));
    const asked = document.getElementById("band-dose"), values = document.getElementById("band-values");
    let shown = null;
    const band = () => data.bands[Number(choice.value)];

    /* The five percentiles at a dose, linear between points; 0 beyond the highest dose of all. */
    function at(gy) {
      const n = Math.floor(gy / data.step_gy), share = gy / data.step_gy - n;
      return band().percentiles.map((line) => (line[n] ?? 0) + share * ((line[n + 1] ?? 0) - (line[n] ?? 0)));
    }
    function tell(gy) {
      if (!(gy >= 0) || !band().cases) { values.textContent = ""; return; }
      const read = at(gy).map((value) => value.toFixed(1));
      values.textContent = `${gy.toFixed(2)} Gy: median ${read[2]} %, quartiles ${read[1]} to ${read[3]} %, 5 to 95: ${read[0]} to ${read[4]} %`;
    }
    function build() {
      const one = band();
      document.getElementById("band-words").textContent = `${one.name}: ${curves(one.cases)}` + (one.beyond ? `; ${one.beyond} left out, for a part of the structure lies outside the dose grid.` : ".");
      place.replaceChildren();
      shown = null;
      tell(asked.value === "" ? NaN : Number(asked.value));
      if (!one.cases) { place.append(element("p", {}, "No curve of a whole structure.")); return; }
      const ink = isDark() ? "#c9d1dc" : "#2a3442", grid = isDark() ? "#2c3540" : "#e3e7ec", line = isDark() ? "#79b8f3" : "#0b5fa5";
      const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
      const doses = one.percentiles[0].map((_, n) => n * data.step_gy);
      const tint = isDark() ? "121,184,243" : "11,95,165";
      shown = new uPlot({
        width: Math.max(place.clientWidth, 280), height: Math.min(Math.max(place.clientWidth * 0.42, 260), 440),
        series: [{ label: "Dose", value: (u, value) => (value == null ? "–" : `${value.toFixed(2)} Gy`) },
          ...LINES.map((one) => ({ ...one, label: element("span", { class: "key" }, swatch({ colour: isDark() ? "rgb(121,184,243)" : "rgb(11,95,165)", width: one.width, dashes: one.dash }, false), ` ${one.label}`), stroke: line, points: { show: false }, value: (u, value) => (value == null ? "–" : `${value.toFixed(1)} %`) }))],
        bands: [{ series: [5, 1], fill: `rgba(${tint},.13)` }, { series: [4, 2], fill: `rgba(${tint},.22)` }],
        scales: { x: { time: false, range: [0, doses[doses.length - 1]] }, y: { range: [0, 102] } },
        axes: [{ ...axis, label: "Dose, Gy" }, { ...axis, label: "Volume, %", size: 52 }],
        cursor: { drag: { x: false, y: false } },
        hooks: { setCursor: [(u) => { if (u.cursor.idx != null && u.cursor.left >= 0) tell(u.posToVal(u.cursor.left, "x")); }] },
      }, [doses, ...one.percentiles], place);
    }
    choice.addEventListener("change", build);
    asked.addEventListener("input", () => tell(asked.value === "" ? NaN : Number(asked.value)));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    matchMedia("print").addEventListener("change", build);
    let wide = place.clientWidth;
    new ResizeObserver(() => { if (Math.abs(place.clientWidth - wide) > 4) { wide = place.clientWidth; build(); } }).observe(place);
    build();
  }

  return { make };
})();
