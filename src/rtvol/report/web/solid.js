/* Surfaces in 3-D, where the browser has WebGL2; everything else on the page works without. */
const rtvolSolid = (() => {
  function make(scene, packed) {
  }
  return { make };
})();
