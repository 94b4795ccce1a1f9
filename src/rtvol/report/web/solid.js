/* Surfaces in 3-D, where the browser has WebGL2; everything else on the page works without. */
const rtvolSolid = (() => {
  const { data, start, toPatient } = rtvolPage;

  /* The mz3 format that niivue reads: a header of 16 bytes, triangles, corners in RAS mm. */
  function mz3(corners, triangles) {
    const buffer = new ArrayBuffer(16 + 4 * triangles.length + 4 * corners.length);
    const head = new DataView(buffer);
    head.setUint16(0, 23117, true);
    head.setUint16(2, 3, true);
    head.setUint32(4, triangles.length / 3, true);
    head.setUint32(8, corners.length / 3, true);
    new Int32Array(buffer, 16, triangles.length).set(triangles);
    new Float32Array(buffer, 16 + 4 * triangles.length).set(corners);
    return buffer;
  }

  function surfaces(structures, packed) {
    const { middle, surface_mm: step } = data.rings, total = packed.corners.length / 3;
    let corner = 0, triangle = 0;
    return structures.map((one) => {
      const corners = new Float32Array(3 * one.corners);
      for (let n = 0; n < one.corners; n++) {
        const at = ["x", "y", "z"].map((axis, m) => middle[axis] + packed.corners[m * total + corner + n] * step);
        const [x, y, z] = toPatient(...at);
        corners.set([-x, -y, z], 3 * n); // LPS -> RAS
      }
      const triangles = packed.triangles.slice(triangle, triangle + 3 * one.triangles);
      corner += one.corners; triangle += 3 * one.triangles;
      return { one, corners, triangles };
    });
  }

  function make(structures, packed) {
    const button = document.getElementById("solid-start"), words = document.getElementById("solid-words");
    const canvas = document.getElementById("solid-canvas"), stage = canvas.parentElement;
    let viewer = null;
    const meshes = new Map();
    function sync() {
      if (!viewer) return;
      for (const [one, mesh] of meshes) mesh.visible = one.on;
      viewer.drawScene();
    }
    async function show() {
      button.disabled = true;
      words.textContent = "starting ...";
      try {
        if (!document.createElement("canvas").getContext("webgl2")) throw new Error("no WebGL2");
        await start("niivue");
        stage.hidden = false;
        viewer = new niivue.Niivue({ backColor: [0.04, 0.05, 0.07, 1], show3Dcrosshair: false, isOrientCube: true, dragAndDropEnabled: false, logLevel: "error", isColorbar: false, showLegend: false });
        await viewer.attachToCanvas(canvas, true);
        viewer.setSliceType(viewer.sliceTypeRender);
        for (const { one, corners, triangles } of surfaces(structures, packed)) {
          if (!triangles.length) continue;
          const colour = Uint8Array.from([...one.colour.match(/\d+/g).map(Number), 255]);
          const mesh = await niivue.NVMesh.readMesh(mz3(corners, triangles), `${meshes.size}.mz3`, viewer.gl, one.opacity, colour, one.on);
          meshes.set(one, mesh);
        }
        // what is solid first, so that it is seen through what is not
        for (const mesh of [...meshes.values()].sort((a, b) => b.opacity - a.opacity)) viewer.addMesh(mesh);
        viewer.setRenderAzimuthElevation(200, 15);
        words.textContent = "Drag turns, the wheel zooms; structures are switched on and off in the list beside the slices.";
        button.hidden = true;
        stage.dataset.meshes = meshes.size;
        sync();
      } catch (error) {
        stage.hidden = true;
        words.textContent = `This browser shows no 3-D here (${error.message}); everything else on the page works without.`;
      }
    }
    button.addEventListener("click", show);
    return { sync };
  }

  return { make };
})();
