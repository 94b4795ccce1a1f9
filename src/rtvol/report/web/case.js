/* The page of one case: what is shown, where the crosshair is, and what it reads there. */
(async () => {
  const { data, arrays, element, swatch, tagged, trouble, toPatient } = rtvolPage;
  const WINDOWS = { "Soft tissue": [40, 400], "Liver": [90, 150], "Lung": [-500, 1500], "Bone": [400, 1800] };
  const line = ([first, step, count]) => Float64Array.from({ length: count }, (_, n) => first + n * step);
  const view = data.view;
  const axes = { x: line(view.x), y: line(view.y), z: Float64Array.from(view.z) };
  let packed;
  try {
    packed = await arrays("arrays", data.arrays);
  } catch (error) {
    trouble("This browser cannot unpack the pictures of this page (it has no DecompressionStream); every number is in the tables.");
    return;
  }
  const structures = data.structures;
  rtvolVolume.rings(structures, data.rings, packed.u, packed.v, packed.counts);

  const scene = {
    axes, structures, frame: view.frame,
    image: packed.image ? rtvolVolume.image({ ...axes, levels: view.levels }, packed.image) : null,
    dose: packed.dose ? rtvolVolume.dose({ x: line(data.dose.x), y: line(data.dose.y), z: Float64Array.from(data.dose.z), step_gy: data.dose.step_gy }, packed.dose) : null,
    levels: data.levels, fullGy: data.full_gy,
    options: { wash: false, isodoses: true, cross: true },
    point: Object.fromEntries(["x", "y", "z"].map((axis, n) => [axis, data.places[0].at_mm[n]])),
    window: view.window,
    shades() {
      const [centre, width] = scene.window, low = centre - width / 2;
      return (value) => Math.min(Math.max(((value - low) / width) * 255, 0), 255);
    },
    go(to) { Object.assign(scene.point, to); draw(false); },
  };
  const views = ["axial", "coronal", "sagittal"].map((name) => rtvolViews.make(name, scene));
  const table = document.getElementById("views");
  table.append(...views.map((one) => one.figure));
  // the axial view is as high as the other two together
  const share = (views[1].height + views[2].height) / views[0].height;
  table.style.setProperty("--axial", `${Math.min(Math.max(share, 1), 2.2)}fr`);

  let waiting = false, whole = false;
  function draw(all) {
    whole = whole || all;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      views.forEach((one) => one.draw(whole));
      waiting = whole = false;
      tell();
    });
  }

  const ways = { x: ["R", "L"], y: ["A", "P"], z: ["I", "S"] };
  function tell() {
    const { x, y, z } = scene.point;
    const patient = toPatient(x, y, z);
    const parts = ["x", "y", "z"].map((axis, n) => `${axis} ${patient[n].toFixed(1)} mm ${ways[axis][patient[n] < 0 ? 0 : 1]}`);
    if (scene.image) parts.push(`${Math.round(scene.image.at(x, y, z))} ${view.unit}`);
    if (scene.dose) {
      const gy = scene.dose.at(x, y, z);
      parts.push(Number.isNaN(gy) ? "outside the dose" : `${gy.toFixed(2)} Gy`);
    }
    const plane = rtvolVolume.nearest(axes.z, z);
    const inside = structures.filter((one) => rtvolVolume.holds(one.rings.axial.get(plane), x, y)).map((one) => one.name);
    if (inside.length) parts.push(`in ${inside.join(", ")}`);
    document.getElementById("readout").textContent = parts.join("  ·  ");
  }

  const chart = rtvolChart.make(data.chart, document.getElementById("doses") ?? document);
  const solid = rtvolSolid.make(structures, packed);
  const legend = document.getElementById("legend");
  let head = "";
  const boxes = structures.map((one) => {
    if (one.heading !== head) legend.append(element("li", { class: "head" }, (head = one.heading)));
    const box = element("input", { type: "checkbox" });
    const item = element("li", { class: one.group }, element("label", {}, box, swatch(one), tagged(one.label, one.tag)));
    const set = (on) => {
      one.on = box.checked = on;
      item.classList.toggle("off", !on);
      if (chart && one.group !== "gap") chart.show(one.name, on);
    };
    box.addEventListener("change", () => { set(box.checked); draw(true); solid.sync(); });
    set(one.on);
    legend.append(item);
    return { one, set };
  });
  const choose = (test) => { boxes.forEach(({ one, set }) => set(test(one))); draw(true); solid.sync(); };
  document.getElementById("show-all").addEventListener("click", () => choose(() => true));
  document.getElementById("show-none").addEventListener("click", () => choose(() => false));
  document.getElementById("show-targets").addEventListener("click", () => choose((one) => one.group === "target"));

  for (const level of data.levels) document.getElementById("levels").append(element("li", {}, swatch(level), level.label));

  const places = document.getElementById("places");
  const counts = {};
  for (const place of data.places) (counts[place.kind] ??= []).push(place);
  const WORDS = { cut: "Next cut", margin: "Least margin", isodose: "Least to isodose", hot: "Hot spot", target: "Target", structure: "Structure", apart: "Farthest apart" };
  const visit = (place) => {
    scene.go({ x: place.at_mm[0], y: place.at_mm[1], z: place.at_mm[2] });
    document.getElementById("place-words").textContent = place.label;
  };
  for (const [kind, many] of Object.entries(counts)) {
    let next = kind === data.places[0].kind ? 1 : 0;
    const words = WORDS[kind] + (many.length > 1 ? ` (${many.length})` : "");
    places.append(element("button", { type: "button", "data-kind": kind, title: many.map((one) => one.label).join("\n"), onclick: () => visit(many[next++ % many.length]) }, words));
  }
  places.append(element("span", { id: "place-words", class: "hint", role: "status", "aria-live": "polite" }, data.places[0].label));

  const choice = document.getElementById("window");
  const windows = view.unit === "HU" ? WINDOWS : { "Whole range": view.window };
  choice.append(...Object.entries(windows).map(([name, [centre, width]]) => element("option", { value: name }, `${name} (${Math.round(centre)} / ${Math.round(width)})`)));
  choice.addEventListener("change", () => { scene.window = windows[choice.value]; draw(true); });
  for (const name of ["wash", "isodoses", "cross"]) {
    const box = document.getElementById(name);
    if (name !== "cross" && !scene.dose) box.closest("label").hidden = true;
    box.checked = scene.options[name];
    box.addEventListener("change", () => { scene.options[name] = box.checked; draw(true); });
  }
  if (!scene.image) choice.closest("label").hidden = true;

  new ResizeObserver(() => draw(true)).observe(table);
  matchMedia("print").addEventListener("change", () => { views.forEach((one) => one.draw(true)); if (chart) chart.build(); });
  views.forEach((one) => one.draw(true));
  tell();
  document.body.dataset.ready = "yes";
})();
