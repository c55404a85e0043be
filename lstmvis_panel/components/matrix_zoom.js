// How wide the words of the matches are: buttons, the wheel with ctrl, and arrows to what is cut at either edge. The browser
// zooms by itself; the server learns where to, once the wheel rests.

const ZOOM_STEP = 5, PX_A_PAGE = 0.8    // px of a word, share of the width that an arrow scrolls by

// `change(width, x)` draws words of a width, 0 for what there is room for, with the place x px from the left edge kept; `tell`
// says it to the server; `width()` is the one that is drawn.
function matrixZoom({ box, parent, area, least, most, width, change, tell }) {
  const zoom = element("div", "zoom", parent)
  const narrower = button("−", "Narrower words (W)", () => by(-ZOOM_STEP)), wider = button("+", "Wider words (w)", () => by(ZOOM_STEP))
  const fitting = button("fit", "Words as wide as the page has room for (z)", fit)
  const back = button("‹", "Words further left", () => go(-1)), on = button("›", "Words further right", () => go(1))
  let spare = 0, timer = null

  function button(sign, label, act) {
    const made = element("button", "", zoom, sign)
    made.title = label
    made.setAttribute("aria-label", label.replace(/ \(.\)$/, ""))
    made.addEventListener("click", act)
    return made
  }

  const go = (side) => box.scrollBy({ left: side * PX_A_PAGE * box.clientWidth })
  const limited = (px) => Math.max(least, Math.min(px, most))

  function by(px) {
    change(limited(width() + px))
    tell()
  }

  function fit() {
    change(0)
    tell()
  }

  area.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return
    event.preventDefault()
    spare -= wheelPx(event, event.deltaY) / PX_A_TURN
    const whole = Math.trunc(spare)
    spare -= whole
    if (whole) change(limited(width() + whole), event.clientX - box.getBoundingClientRect().left)
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = null
      spare = 0
      tell()
    }, RESTS_AFTER)
  }, { passive: false })

  // `asked` tells whether a width was asked for, else the words fit.
  function draw(asked) {
    narrower.disabled = width() <= least
    wider.disabled = width() >= most
    fitting.disabled = !asked
    edges()
  }

  function edges() {
    back.hidden = box.scrollLeft < 1
    on.hidden = box.scrollLeft + box.clientWidth > box.scrollWidth - 1
  }

  box.addEventListener("scroll", edges, { passive: true })
  return { by, fit, draw, going: () => timer !== null, end: () => clearTimeout(timer) }
}
