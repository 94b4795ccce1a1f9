/* The page of DVHs alone: each case is drawn when it comes into view, and all of them for a print. */
(() => {
  const waiting = new Map();
  const draw = (place) => {
    const start = waiting.get(place);
    waiting.delete(place);
    if (start) start();
  };
  const watch = new IntersectionObserver((seen) => seen.forEach((one) => { if (one.isIntersecting) draw(one.target); }), { rootMargin: "600px" });
  for (const place of document.querySelectorAll("[data-chart]")) {
    waiting.set(place, () => {
      watch.unobserve(place);
      rtvolChart.make(rtvolPage.data.charts[Number(place.dataset.chart)], place.closest("section"));
    });
    watch.observe(place);
  }
  addEventListener("beforeprint", () => [...waiting.keys()].forEach(draw));
})();
