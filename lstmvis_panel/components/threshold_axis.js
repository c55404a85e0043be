// The value axis left of the lines, and the threshold: a dashed line across the plot that is dragged up and down.
// It lies over the plot, lets every other pointer through, and follows the mouse without asking the server.

export function render({ model }) {
  const root = document.createElement("div")
  root.className = "axis"
  const ticks = document.createElement("div")
  const line = document.createElement("div")
  line.className = "threshold"
  line.tabIndex = 0
  line.setAttribute("role", "slider")
  line.setAttribute("aria-label", "Threshold")
  line.setAttribute("aria-orientation", "vertical")
  line.innerHTML = '<span class="rule"></span><span class="flag"></span><span class="value"></span>'
  root.append(ticks, line)

  let value = model.threshold, held = null, moved = false
  const outbox = latestOnly(model)
  const clamp = (v) => Math.max(model.low, Math.min(model.high, v))
  const toPixel = (v) => (model.high - v) / (model.high - model.low) * model.extent
  const toValue = (y) => model.high - y / model.extent * (model.high - model.low)

  const places = (span) => Math.max(3, Math.min(20, 3 - Math.floor(Math.log10(span))))
  const said = (v) => (v && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5) ? v.toExponential(2) : v.toFixed(3)).replace("-", "−")

  function drawTicks() {
    const span = model.high - model.low
    const raw = span / 4, unit = 10 ** Math.floor(Math.log10(raw))
    const step = [1, 2, 2.5, 5, 10].map((m) => m * unit).find((s) => s >= raw * 0.999)
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9) + (String(step / unit).includes(".") ? 1 : 0))
    ticks.replaceChildren()
    for (let v = Math.ceil(model.low / step - 1e-9) * step; v <= model.high + step * 1e-6; v += step) {
      const tick = document.createElement("span")
      tick.className = "tick"
      const near = Number(v.toFixed(Math.min(digits, 20)))
      tick.textContent = (near && (step < 1e-4 || step >= 1e5) ? near.toExponential(1) : near.toFixed(Math.min(digits, 4))).replace("-", "−")
      tick.style.top = `${Math.max(6, Math.min(model.extent - 6, toPixel(v)))}px`
      tick.style.width = `${model.gutter - 10}px`
      ticks.append(tick)
    }
    if (model.low < 0 && model.high > 0) {
      const zero = document.createElement("span")
      zero.className = "zero"
      zero.style.cssText = `top: ${toPixel(0)}px; left: ${model.gutter}px; width: ${model.across}px`
      ticks.append(zero)
    }
  }

  function drawLine() {
    const outside = value > model.high || value < model.low
    line.style.top = `${toPixel(clamp(value))}px`
    line.style.left = `${model.gutter}px`
    line.style.width = `${model.across}px`
    line.classList.toggle("outside", outside)
    line.classList.toggle("held", held !== null)
    line.querySelector(".value").textContent = said(value)
    for (const [name, v] of [["now", value], ["min", model.low], ["max", model.high]]) line.setAttribute(`aria-value${name}`, v)
  }

  function set(v, done) {
    value = Number(clamp(v).toFixed(places(model.high - model.low)))
    drawLine()
    outbox({ threshold: value, done })
  }

  line.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return
    line.setPointerCapture(event.pointerId)
    held = event.clientY - toPixel(clamp(value))
    moved = false
    drawLine()
  })
  line.addEventListener("pointermove", (event) => {
    if (held === null) return
    moved = true
    set(toValue(event.clientY - held), false)
  })
  const release = (event) => {
    if (held === null) return
    const last = toValue(event.clientY - held)
    held = null
    if (moved) set(last, true)      // a click alone changes nothing
    else drawLine()
  }
  line.addEventListener("pointerup", release)
  line.addEventListener("pointercancel", release)
  line.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 }[event.key]
    if (!step) return
    event.preventDefault()
    set(value + step, true)
  })

  model.on(["threshold", "seen"], () => {
    if (held !== null || !outbox.idle()) return
    value = model.threshold
    drawLine()
  })
  model.on(["low", "high", "across", "gutter", "extent"], oncePerFrame(() => { drawTicks(); drawLine() }))
  drawTicks()
  drawLine()
  return root
}
