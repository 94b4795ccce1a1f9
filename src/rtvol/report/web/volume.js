/* The image and the dose of a page, read at patient points (LPS, mm), and closed rings on planes. */
const rtvolVolume = (() => {
  /* Position of the value nearest to `at` in an ascending array. */
  function nearest(values, at) {
    let low = 0, high = values.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[middle] <= at) low = middle; else high = middle;
    }
    return Math.abs(values[high] - at) < Math.abs(at - values[low]) ? high : low;
  }

  /* Interval of an ascending array that holds `at`, and the share of the way; null outside. */
  function between(values, at) {
    const last = values.length - 1;
    if (last < 1 || !(at >= values[0] - 1e-6 && at <= values[last] + 1e-6)) return null;
    let low = 0, high = last;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (values[middle] <= at) low = middle; else high = middle;
    }
    return [low, Math.min(Math.max((at - values[low]) / (values[high] - values[low]), 0), 1)];
  }

  function image(view, codes) {
    const [nx, ny] = [view.x.length, view.y.length];
    const levels = view.levels;
    return {
      /* HU (or stored units) of the voxel at a point. */
      at(x, y, z) {
        return levels[codes[(nearest(view.z, z) * ny + nearest(view.y, y)) * nx + nearest(view.x, x)]];
      },
      code: (k, j, i) => codes[(k * ny + j) * nx + i],
      levels,
    };
  }

  function dose(known, codes) {
    const [nx, ny] = [known.x.length, known.y.length];
    const NONE = 65535;
    return {
      x: known.x, y: known.y, z: known.z,
      /* Trilinear dose in Gy at a point; NaN where it is not known. */
      at(x, y, z) {
        const a = between(known.x, x), b = between(known.y, y), c = between(known.z, z);
        if (!a || !b || !c) return NaN;
        let sum = 0;
        for (let n = 0; n < 8; n++) {
          const [i, j, k] = [a[0] + (n & 1), b[0] + ((n >> 1) & 1), c[0] + (n >> 2)];
          const weight = (n & 1 ? a[1] : 1 - a[1]) * (n & 2 ? b[1] : 1 - b[1]) * (n & 4 ? c[1] : 1 - c[1]);
          if (!weight) continue;
          const code = codes[(k * ny + j) * nx + i];
          if (code === NONE) return NaN;
          sum += weight * code;
        }
        return sum * known.step_gy;
      },
    };
  }

  /* Rings of all structures, view by view: structures[n].rings.axial is a Map plane -> [ring]. */
  function rings(structures, coding, u, v, counts) {
    let ring = 0, point = 0;
    for (const one of structures) {
      one.rings = {};
      for (const name of ["axial", "coronal", "sagittal"]) {
        const planes = new Map();
        for (const plane of one.planes[name]) {
          const count = counts[ring++];
          const points = new Float64Array(2 * count);
          for (let n = 0; n < count; n++, point++) {
            points[2 * n] = coding.u0[name] + u[point] * coding.step_mm;
            points[2 * n + 1] = coding.v0[name] + v[point] * coding.step_mm;
          }
          if (!planes.has(plane)) planes.set(plane, []);
          planes.get(plane).push(points);
        }
        one.rings[name] = planes;
      }
    }
  }

  /* Even-odd rule over the rings of a plane. */
  function holds(many, x, y) {
    let inside = false;
    for (const ring of many || []) {
      for (let n = 0, m = ring.length - 2; n < ring.length; m = n, n += 2) {
        if (ring[n + 1] > y !== ring[m + 1] > y &&
            x < ((ring[m] - ring[n]) * (y - ring[n + 1])) / (ring[m + 1] - ring[n + 1]) + ring[n]) inside = !inside;
      }
    }
    return inside;
  }

  /* Lines of equal value of a lattice, joined into polylines: [[x, y, ...], ...]. */
  function isolines(values, us, vs, level) {
    const columns = us.length, next = new Map(), places = new Map();
    const link = (a, b) => { next.set(a, [...(next.get(a) || []), b]); };
    const point = (a, b) => {
      const key = a < b ? a * 4e6 + b : b * 4e6 + a;
      if (!places.has(key)) {
        const share = (level - values[a]) / (values[b] - values[a]);
        const [ia, ja, ib, jb] = [a % columns, (a / columns) | 0, b % columns, (b / columns) | 0];
        places.set(key, [us[ia] + share * (us[ib] - us[ia]), vs[ja] + share * (vs[jb] - vs[ja])]);
      }
      return key;
    };
    for (let j = 0; j + 1 < vs.length; j++) {
      for (let i = 0; i + 1 < columns; i++) {
        const corners = [j * columns + i, j * columns + i + 1, (j + 1) * columns + i + 1, (j + 1) * columns + i];
        const met = [];
        for (let n = 0; n < 4; n++) {
          const a = corners[n], b = corners[(n + 1) % 4];
          if (values[a] >= level !== values[b] >= level && Number.isFinite(values[a]) && Number.isFinite(values[b])) met.push(point(a, b));
        }
        for (let n = 0; n + 1 < met.length; n += 2) { link(met[n], met[n + 1]); link(met[n + 1], met[n]); }
      }
    }
    const lines = [], seen = new Set();
    const follow = (from) => {
      const line = [];
      for (let at = from; at !== undefined; at = (next.get(at) || []).find((one) => !seen.has(one))) {
        seen.add(at);
        line.push(...places.get(at));
      }
      const closes = (next.get(from) || []).length === 2 && line.length > 4;
      lines.push({ line, closes });
    };
    for (const [key, ends] of next) if (ends.length === 1 && !seen.has(key)) follow(key);
    for (const key of next.keys()) if (!seen.has(key)) follow(key);
    return lines;
  }

  return { nearest, between, image, dose, rings, holds, isolines };
})();
