/* What every page of rtvol shares: its data, the arrays packed beside it, small helpers. */
const rtvolPage = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const TYPES = { u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, f4: Float32Array };

  /* base64 of gzip -> bytes. */
  async function unzip(id) {
    const text = document.getElementById("packed-" + id).textContent;
    const raw = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
    const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  /* All arrays of one packed text, by name (rtvol.report.pack). */
  async function arrays(id, index) {
    const buffer = await unzip(id);
    const found = {};
    for (const [name, one] of Object.entries(index)) {
      const array = new TYPES[one.type](buffer, one.at, one.count);
      // the sum wraps as the array's type does
      if (one.differs) for (let n = 1; n < array.length; n++) array[n] += array[n - 1];
      found[name] = array;
    }
    return found;
  }

  /* Run a script that lies in the page compressed; the page's policy knows its hash. */
  async function start(id) {
    const text = new TextDecoder().decode(await unzip(id));
    const script = document.createElement("script");
    script.textContent = text;
    document.head.append(script);
  }

  function element(name, words = {}, ...inside) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(words)) {
      if (key === "class") made.className = value;
      else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value === true) made.setAttribute(key, "");
      else if (value !== false && value !== null) made.setAttribute(key, value);
    }
    made.append(...inside);
    return made;
  }

  function drawing(name, words = {}, ...inside) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(words)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }

  /* A pen as a small line: on a dark ground, as outlines are, or on the page's own, as curves are. */
  function swatch(pen, isOutline = true) {
    const ground = isOutline ? [drawing("rect", { width: 48, height: 12, rx: 2 })] : [];
    return drawing("svg", { class: "swatch", width: 48, height: 12, viewBox: "0 0 48 12", "aria-hidden": "true" }, ...ground,
      drawing("line", { x1: 2, y1: 6, x2: 46, y2: 6, stroke: isOutline ? pen.colour : onPaper(pen.colour), "stroke-width": pen.width, "stroke-dasharray": pen.dashes.join(" ") }));
  }

  /* A name with the tag that stands on its line, where a chart has more lines than pens. */
  const tagged = (name, tag) => (tag ? `${name} [${tag}]` : name);

  function trouble(words) {
    const place = document.getElementById("trouble");
    place.textContent = words;
    place.hidden = false;
  }

  const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches && !matchMedia("print").matches;

  /* A colour of the palette, which is for dark images, as a line on this page's own ground. */
  function onPaper(colour) {
    if (isDark()) return colour;
    let parts = colour.match(/\d+/g).map(Number);
    const light = () => 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    while (light() > 125) parts = parts.map((part) => part * 0.92);
    return `rgb(${parts.map(Math.round).join(",")})`;
  }

  /* A point of the page's planes in the patient (LPS, mm). */
  function toPatient(...point) {
    const axes = data.view.frame.axes;
    return [0, 1, 2].map((n) => point.reduce((sum, value, m) => sum + value * axes[m][n], 0));
  }

  return { data, arrays, start, element, drawing, swatch, tagged, trouble, isDark, onPaper, toPatient };
})();
