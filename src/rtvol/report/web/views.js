/* Three linked views: image, dose wash, isodose lines, outlines, crosshair. All in patient mm. */
const rtvolViews = (() => {
  const { element, drawing } = rtvolPage;
  const PLANES = {
    axial: { across: "x", down: "y", through: "z", up: false },
    coronal: { across: "x", down: "z", through: "y", up: true },
    sagittal: { across: "y", down: "z", through: "x", up: true },
  };
  const WASH = [[0, 0, 140], [0, 90, 255], [0, 210, 210], [40, 220, 60], [255, 235, 0], [255, 130, 0], [255, 0, 0]];

  function edges(values) {
    const last = values.length - 1;
    const first = last ? values[1] - values[0] : 1, end = last ? values[last] - values[last - 1] : 1;
    return [values[0] - first / 2, values[last] + end / 2];
  }

  function pathOf(rings) {
    let text = "";
    for (const ring of rings || []) {
      for (let n = 0; n < ring.length; n += 2) text += (n ? "L" : "M") + ring[n].toFixed(3) + " " + ring[n + 1].toFixed(3);
      text += "Z";
    }
    return text;
  }

  function make(name, scene) {
    const plane = PLANES[name], axes = scene.axes, frame = scene.frame;
    const word = frame.words[Object.keys(PLANES).indexOf(name)];
    const us = axes[plane.across], vs = axes[plane.down], ws = axes[plane.through];
    const [u0, u1] = edges(us), [v0, v1] = edges(vs);
    const sign = plane.up ? -1 : 1;
    const top = plane.up ? -v1 : v0;
    const svg = drawing("svg", { viewBox: `${u0} ${top} ${u1 - u0} ${v1 - v0}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const flip = drawing("g", { transform: `scale(1 ${sign})` });
    const lines = drawing("g", { class: "isodoses" }), outlines = drawing("g", { class: "outlines" });
    const across = drawing("line", {}), along = drawing("line", {});
    const cross = drawing("g", { class: "cross" }, across, along);
    flip.append(lines, outlines, cross);
    svg.append(flip);
    const canvas = element("canvas");
    const [left, right] = frame.ways[plane.across], ends = frame.ways[plane.down];
    const [above, below] = plane.up ? [ends[1], ends[0]] : ends;
    const scale = element("span", { class: "scale" }, "20 mm");
    const stage = element("div", { class: "stage", tabindex: "0", role: "img" }, canvas, svg,
      element("span", { class: "way left" }, left), element("span", { class: "way right" }, right),
      element("span", { class: "way top" }, above), element("span", { class: "way bottom" }, below), scale);
    stage.style.aspectRatio = `${u1 - u0} / ${v1 - v0}`;
    scale.style.width = `${(100 * 20) / (u1 - u0)}%`;
    const where = element("span"), count = element("span");
    const slider = element("input", { type: "range", min: 0, max: ws.length - 1, step: 1, "aria-label": `${word} slice` });
    const figure = element("figure", { class: `view ${name}` }, element("figcaption", {}, where, count), stage, slider);
    const paths = scene.structures.map((one) => {
      const path = drawing("path", { stroke: one.colour, "stroke-width": one.width, "stroke-dasharray": one.dashes.join(" "), "data-structure": one.name });
      outlines.append(path);
      return path;
    });

    function at(event) {
      const box = stage.getBoundingClientRect();
      const share = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      return [u0 + share[0] * (u1 - u0), sign * (top + share[1] * (v1 - v0))];
    }
    function put(u, v) {
      scene.go({ [plane.across]: Math.min(Math.max(u, u0), u1), [plane.down]: Math.min(Math.max(v, v0), v1) });
    }
    function step(by) {
      const now = rtvolVolume.nearest(ws, scene.point[plane.through]);
      scene.go({ [plane.through]: ws[Math.min(Math.max(now + by, 0), ws.length - 1)] });
    }
    let isDown = false;
    stage.addEventListener("pointerdown", (event) => { isDown = true; stage.setPointerCapture(event.pointerId); stage.focus({ preventScroll: true }); put(...at(event)); });
    stage.addEventListener("pointermove", (event) => { if (isDown) put(...at(event)); });
    stage.addEventListener("pointerup", () => { isDown = false; });
    stage.addEventListener("wheel", (event) => { event.preventDefault(); step(event.deltaY > 0 ? -1 : 1); }, { passive: false });
    stage.addEventListener("keydown", (event) => {
      const [du, dv] = [Math.abs(us[1] - us[0]) || 1, Math.abs(vs[1] - vs[0]) || 1];
      const moves = { ArrowLeft: [-du, 0], ArrowRight: [du, 0], ArrowUp: [0, -sign * dv], ArrowDown: [0, sign * dv] };
      const steps = { PageUp: 1, PageDown: -1, "+": 1, "-": -1 };
      if (moves[event.key]) put(scene.point[plane.across] + moves[event.key][0], scene.point[plane.down] + moves[event.key][1]);
      else if (steps[event.key]) step(steps[event.key]);
      else return;
      event.preventDefault();
    });
    slider.addEventListener("input", () => scene.go({ [plane.through]: ws[Number(slider.value)] }));

    /* Rows of the picture from top to bottom: planes that are not equally far apart are interpolated. */
    const rowStep = name === "axial" ? 0 : Math.max(Math.min(...vs.slice(1).map((v, n) => v - vs[n]), Infinity), (v1 - v0) / 600);
    const rows = name === "axial" ? vs.length : Math.max(Math.round((v1 - v0) / (Number.isFinite(rowStep) ? rowStep : v1 - v0)), 1);
    const source = document.createElement("canvas");
    source.width = us.length; source.height = rows;

    function drawImage(number) {
      const context = source.getContext("2d"), pixels = context.createImageData(us.length, rows);
      if (scene.image) {
        const shade = scene.shades(), levels = scene.image.levels, code = scene.image.code;
        let at = 0;
        for (let row = 0; row < rows; row++) {
          const v = v1 - ((row + 0.5) * (v1 - v0)) / rows;
          const pair = name === "axial" ? null : rtvolVolume.between(vs, Math.min(Math.max(v, vs[0]), vs[vs.length - 1]));
          for (let column = 0; column < us.length; column++, at += 4) {
            let grey;
            if (name === "axial") grey = shade(levels[code(number, row, column)]);
            else {
              const [j, i] = name === "coronal" ? [number, column] : [column, number];
              const k = pair ? pair[0] : 0;
              const low = levels[code(k, j, i)];
              grey = shade(pair && vs.length > 1 ? low + pair[1] * (levels[code(k + 1, j, i)] - low) : low);
            }
            pixels.data[at] = pixels.data[at + 1] = pixels.data[at + 2] = grey;
            pixels.data[at + 3] = 255;
          }
        }
      } else for (let n = 3; n < pixels.data.length; n += 4) pixels.data[n] = 255;
      context.putImageData(pixels, 0, 0);
    }

    /* Dose on a lattice of this plane, fine enough for smooth lines. */
    const most = 140;
    const lattice = (low, high) => {
      const parts = Math.min(Math.ceil((high - low) / 1.5), most);
      return Float64Array.from({ length: parts + 1 }, (_, n) => low + ((high - low) * n) / parts);
    };
    const doseU = lattice(u0, u1), doseV = lattice(v0, v1);
    const washed = document.createElement("canvas");
    washed.width = doseU.length; washed.height = doseV.length;

    function doses(w) {
      const values = new Float64Array(doseU.length * doseV.length), point = { [plane.through]: w };
      let n = 0;
      for (const v of doseV) for (const u of doseU) {
        point[plane.across] = u; point[plane.down] = v;
        values[n++] = scene.dose.at(point.x, point.y, point.z);
      }
      return values;
    }
    function drawWash(values) {
      const context = washed.getContext("2d"), pixels = context.createImageData(doseU.length, doseV.length);
      const full = scene.fullGy;
      for (let row = 0; row < doseV.length; row++) {
        const from = plane.up ? doseV.length - 1 - row : row;
        for (let column = 0; column < doseU.length; column++) {
          const gy = values[from * doseU.length + column], at = 4 * (row * doseU.length + column);
          if (!(gy > 0.1 * full)) continue;
          const place = Math.min(gy / full, 1.08) / 1.08 * (WASH.length - 1), low = Math.min(Math.floor(place), WASH.length - 2);
          for (let n = 0; n < 3; n++) pixels.data[at + n] = WASH[low][n] + (place - low) * (WASH[low + 1][n] - WASH[low][n]);
          pixels.data[at + 3] = 90;
        }
      }
      context.putImageData(pixels, 0, 0);
    }
    function drawIsodoses(values) {
      lines.replaceChildren();
      if (!values) return;
      scene.levels.forEach((level, number) => {
        let text = "", best = null;
        // each level bears its share at another side, so that they do not stand on each other
        const [ca, sa] = [Math.cos((number * Math.PI) / 3.5), Math.sin((number * Math.PI) / 3.5)];
        for (const one of rtvolVolume.isolines(values, doseU, doseV, level.gy)) {
          for (let n = 0; n < one.line.length; n += 2) text += (n ? "L" : "M") + one.line[n].toFixed(2) + " " + one.line[n + 1].toFixed(2);
          if (one.closes) text += "Z";
          for (let n = 0; n < one.line.length; n += 2) {
            const far = ca * one.line[n] + sa * one.line[n + 1];
            if (!best || far > best[2]) best = [one.line[n], one.line[n + 1], far];
          }
        }
        if (text) lines.append(drawing("path", { d: text, stroke: level.colour, "stroke-width": level.width, "stroke-dasharray": level.dashes.join(" "), "data-gy": level.gy }));
        if (best && best[0] < u1 - (u1 - u0) / 14) {
          const share = drawing("text", { x: best[0], y: sign * best[1], transform: `scale(1 ${sign})`, fill: level.colour, "font-size": (u1 - u0) / 46 });
          share.textContent = level.short;
          lines.append(share);
        }
      });
    }

    let shown = -1;
    function draw(all) {
      const number = rtvolVolume.nearest(ws, scene.point[plane.through]);
      const ratio = Math.min(window.devicePixelRatio || 1, 2);
      const [wide, high] = [Math.round(stage.clientWidth * ratio) || 300, Math.round(stage.clientHeight * ratio) || 300];
      if (number !== shown || all || canvas.width !== wide || canvas.height !== high) {
        shown = number;
        canvas.width = wide; canvas.height = high;
        drawImage(number);
        const context = canvas.getContext("2d");
        context.imageSmoothingEnabled = true;
        context.imageSmoothingQuality = "high";
        context.drawImage(source, 0, 0, wide, high);
        const wanted = scene.dose && (scene.options.wash || scene.options.isodoses) ? doses(ws[number]) : null;
        if (wanted && scene.options.wash) {
          drawWash(wanted);
          // lattice points are the centres of the wash's pixels: it reaches half of one beyond
          const [du, dv] = [wide / (doseU.length - 1), high / (doseV.length - 1)];
          context.drawImage(washed, -du / 2, -dv / 2, wide + du, high + dv);
        }
        drawIsodoses(scene.options.isodoses ? wanted : null);
        scene.structures.forEach((one, n) => paths[n].setAttribute("d", one.on ? pathOf(one.rings[name].get(number)) : ""));
        slider.value = number;
        where.textContent = `${word}  ${frame.names[plane.through]} = ${ws[number].toFixed(1)} mm`;
        count.textContent = `${number + 1} of ${ws.length}`;
        slider.setAttribute("aria-valuetext", where.textContent);
        const names = scene.structures.filter((one) => one.on && one.rings[name].has(number)).map((one) => one.name);
        stage.setAttribute("aria-label", `${where.textContent}. Outlines: ${names.join(", ") || "none"}. Arrow keys move the crosshair, Page Up and Page Down go through slices.`);
      }
      const [u, v] = [scene.point[plane.across], scene.point[plane.down]];
      for (const [line, points] of [[across, [u0, v, u1, v]], [along, [u, v0, u, v1]]])
        ["x1", "y1", "x2", "y2"].forEach((key, n) => line.setAttribute(key, points[n]));
      cross.style.display = scene.options.cross ? "" : "none";
    }
    return { figure, draw, height: (v1 - v0) / (u1 - u0) };
  }

  return { make };
})();
