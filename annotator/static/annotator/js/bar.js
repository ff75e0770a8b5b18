// Tells the styles how high the bar is: a long palette has several rows, and what is
// scrolled to must not end up under it.

export function measureBar(page) {
  const bar = page.querySelector(".desk__bar");
  const measure = () => page.style.setProperty("--bar-height", `${bar.offsetHeight}px`);
  measure(); // a place may be scrolled to before the first frame
  new ResizeObserver(measure).observe(bar);
}
