/* Dose-volume histograms with a cursor, and the goals on them. */
const rtvolChart = (() => {
  const { element, swatch, tagged, onPaper, isDark } = rtvolPage;

  /* Volume in % at a dose, linear between the points of a curve. */
  function read(doses, percent, gy) {
    const pair = rtvolVolume.between(doses, gy);
    if (!pair) return gy > doses[doses.length - 1] ? 0 : NaN;
    const [low, share] = pair;
    return percent[low] + share * ((percent[low + 1] ?? percent[low]) - percent[low]);
  }

  function mark(u, one, stroke) {
    const [x, y] = [u.valToPos(one.dose_gy, "x", true), u.valToPos(one.percent, "y", true)];
    const size = 5 * devicePixelRatio, turns = { right: 0, down: 1, left: 2, up: 3 };
    const pen = u.ctx;
    pen.save();
    pen.translate(x, y);
    pen.rotate((turns[one.way] * Math.PI) / 2);
    pen.lineWidth = 1.6 * devicePixelRatio;
    pen.strokeStyle = pen.fillStyle = stroke;
    pen.beginPath();
    // a wall that the curve must pass, and the side it must be on; filled where it failed
    pen.moveTo(0, -1.5 * size); pen.lineTo(0, 1.5 * size);
    pen.stroke();
    pen.beginPath();
    pen.moveTo(size * 0.4, -size * 0.8); pen.lineTo(size * 1.6, 0); pen.lineTo(size * 0.4, size * 0.8); pen.closePath();
    if (one.verdict === "fail") pen.fill();
    pen.stroke();
    pen.restore();
    pen.save();
    pen.fillStyle = stroke;
    pen.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`;
    pen.fillText(String(one.goal + 1), x + 6 * devicePixelRatio, y - 8 * devicePixelRatio);
    pen.restore();
  }

  /* The tag of a curve, on the curve. */
  function tag(u, one) {
    const [x, y] = [u.valToPos(one.tag_at[0], "x", true), u.valToPos(one.tag_at[1], "y", true)];
    const pen = u.ctx, size = 10 * devicePixelRatio;
    pen.save();
    pen.font = `700 ${size}px system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillStyle = isDark() ? "#12171d" : "#fff";
    const half = pen.measureText(one.tag).width / 2 + size * 0.15;
    pen.fillRect(x - half, y - size * 0.6, 2 * half, size * 1.2);
    pen.fillStyle = onPaper(one.colour);
    pen.fillText(one.tag, x, y);
    pen.restore();
  }

  /* Draw the curves into the chart of a part of the page; null where there is none to draw. */
  function make(data, root) {
    const place = root.querySelector(".chart");
    if (!place || !data.curves.length) return null;
    const hidden = new Set();
    const inks = Object.fromEntries(data.curves.map((one) => [one.name, one.colour]));
    const doses = data.dose_gy, unit = data.unit || "Gy";
    let shown = null;
    function build() {
      const ink = isDark() ? "#c9d1dc" : "#2a3442", grid = isDark() ? "#2c3540" : "#e3e7ec";
      const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif" };
      const series = data.curves.map((one) => {
        return {
          label: element("span", { class: "key" }, swatch(one, false), ` ${tagged(one.name, one.tag)}`),
          stroke: onPaper(one.colour), width: one.width, dash: one.dashes,
          points: { show: false }, show: !hidden.has(one.name),
          value: (u, value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} %, ${((value * one.inside_cc) / 100).toFixed(2)} cc`),
        };
      });
      const options = {
        width: Math.max(place.clientWidth, 280), height: Math.min(Math.max(place.clientWidth * 0.42, 260), 460),
        series: [{ label: "Dose", value: (u, value) => (value === null || value === undefined ? "–" : `${value.toFixed(2)} ${unit}`) }, ...series],
        scales: { x: { time: false, range: [0, doses[doses.length - 1] * 1.02] }, y: { range: [0, 102] } },
        axes: [{ ...axis, label: `Dose, ${unit}` }, { ...axis, label: "Volume, %", size: 52 }],
        legend: { live: true },
        cursor: { drag: { x: false, y: false } },
        hooks: {
          draw: [(u) => {
            data.curves.forEach((one, n) => { if (one.tag && u.series[n + 1].show) tag(u, one); });
            for (const one of data.marks) if (!hidden.has(one.name)) mark(u, one, onPaper(inks[one.name] || "rgb(128,128,128)"));
          }],
          setCursor: [(u) => tell(u.cursor.idx === null || u.cursor.left < 0 ? null : u.posToVal(u.cursor.left, "x"))],
        },
      };
      place.replaceChildren();
      shown = new uPlot(options, [doses, ...data.curves.map((one) => one.percent)], place);
    }

    const words = root.querySelector(".chart-values"), asked = root.querySelector(".chart-dose");
    let last = null;
    function tell(gy) {
      if (gy === null || !(gy >= 0)) return;
      last = gy;
      const parts = data.curves.filter((one) => !hidden.has(one.name))
        .map((one) => `${one.name} ${read(doses, one.percent, gy).toFixed(1)} %`);
      words.textContent = `${gy.toFixed(2)} ${unit}: ${parts.join(", ")}`;
    }
    asked.max = doses[doses.length - 1];
    asked.addEventListener("input", () => {
      const gy = Number(asked.value);
      if (asked.value === "" || !(gy >= 0)) return;
      tell(gy);
      if (shown) shown.setCursor({ left: shown.valToPos(gy, "x"), top: 10 }, false);
    });
    build();
    let wide = place.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(place.clientWidth - wide) > 4) { wide = place.clientWidth; build(); }
    }).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", build);
    return {
      show(name, on) {
        hidden[on ? "delete" : "add"](name);
        data.curves.forEach((one, n) => { if (one.name === name && shown) shown.setSeries(n + 1, { show: on }); });
        tell(last);
      },
      build,
    };
  }

  return { make, read };
})();
