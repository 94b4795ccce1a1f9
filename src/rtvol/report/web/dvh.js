/* The page of a DVH alone. */
(() => {
  const chart = rtvolPage.data.chart;
  rtvolChart.make(chart, Object.fromEntries(chart.curves.map((one) => [one.name, { ...one, on: true }])));
})();
