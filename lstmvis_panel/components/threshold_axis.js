// Left of the lines: how many states each threshold selects, the value axis, and the threshold, a dashed line across
// the plot that is dragged up and down. It lies over the plot, lets every other pointer through, and follows the mouse
// without asking the server.

const STRIP = 30
const SHADE = 0.16      // of the selected steps, as in the plot

export function render({ model, view }) {
  const root = document.createElement("div")
  root.className = "axis"
  const ticks = document.createElement("div")
  const strip = svg("svg", { class: "strip-of-counts", width: STRIP, role: "img" })
  const said = document.createElement("div")
  said.className = "said"
  said.hidden = true
  const line = handle("Threshold"), mirror = handle("")
  mirror.tabIndex = -1
  mirror.setAttribute("aria-hidden", "true")
  mirror.className = "mirror threshold"
  const overlay = document.createElement("canvas")
  overlay.className = "overlay"
  root.append(overlay, strip, ticks, line, said)

  let value = model.threshold, moved = false
  let held = null, holder = null             // how far below the line the mouse holds it, and which of the two lines
  let before = value                         // where it was when it was taken
  let preview = null, previewed = false      // what thresholds will select, and whether that is drawn over the plot
  let brush = null, brushed = null           // what selections will select, and the one that is drawn over the plot
  let told = false                           // whether words and tracks show what is drawn here
  const outbox = latestOnly(model)
  const inStrip = () => model.unit === "quantile"
  const valueToPixel = (v) => (model.high - v) / (model.high - model.low) * model.extent
  const pixelToValue = (y) => model.high - y / model.extent * (model.high - model.low)
  // A threshold is a height in the plot, its mirror image or both; a quantile is a height in the strip.
  const sign = () => (model.rule === "below" ? -1 : 1)
  const toPixel = (t) => (inStrip() ? (1 - t) * model.extent : valueToPixel(sign() * t))
  const toThreshold = (y, mirrored) => (inStrip() ? 1 - y / model.extent : sign() * pixelToValue(y) * (mirrored ? -1 : 1))
  const range = () => {
    if (inStrip()) return [0, 1]
    if (model.rule === "below") return [-model.high, -model.low]
    return model.rule === "beyond" ? [0, Math.max(model.high, -model.low)] : [model.low, model.high]
  }
  const clamp = (t) => Math.max(range()[0], Math.min(range()[1], t))
  const within = (y) => Math.max(0, Math.min(model.extent, y))

  const places = (span) => Math.max(3, Math.min(20, 3 - Math.floor(Math.log10(span))))
  const worded = (v) => (v && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5) ? v.toExponential(2) : v.toFixed(3)).replace("-", "−")
  const rounded = (t) => Number(clamp(t).toFixed(inStrip() ? 3 : places(model.high - model.low)))

  function handle(label) {
    const made = document.createElement("div")
    made.className = "threshold"
    made.tabIndex = 0
    made.setAttribute("role", "slider")
    made.setAttribute("aria-label", label)
    made.setAttribute("aria-orientation", "vertical")
    made.innerHTML = '<span class="dashes"></span><span class="flag"></span><span class="value"></span>'
    return made
  }

  function drawTicks() {
    ticks.replaceChildren()
    for (const [v, text] of model.ticks) {
      const tick = document.createElement("span")
      tick.className = "tick"
      tick.textContent = text
      tick.style.top = `${Math.max(6, Math.min(model.extent - 6, valueToPixel(v)))}px`
      tick.style.width = `${model.gutter - 14}px`
      ticks.append(tick)
    }
    if (model.low < 0 && model.high > 0) {
      const zero = document.createElement("span")
      zero.className = "zero"
      zero.style.cssText = `top: ${valueToPixel(0)}px; left: ${model.gutter}px; width: ${model.across}px`
      ticks.append(zero)
    }
  }

  // -- the strip ------------------------------------------------------------------------------------------------------

  // At an edge itself, what lies left of it still holds.
  function countAt(t) {
    const { edges, counts } = model.stairs
    let first = 0, last = counts.length - 1
    while (first < last) {
      const half = (first + last) >> 1
      if (t <= edges[half + 1]) last = half
      else first = half + 1
    }
    return counts[first]
  }

  // What the strip shows at a height; under "beyond", the same on both sides of 0.
  const thresholdAt = (y) => (model.rule === "beyond" ? Math.abs(toThreshold(y, false)) : toThreshold(y, false))
  const worth = (t) => `${inStrip() ? "quantile" : "threshold"} ${worded(rounded(t))}: ${countAt(rounded(t)).toLocaleString("en")} state${countAt(rounded(t)) === 1 ? "" : "s"}`

  function drawStrip() {
    strip.replaceChildren()
    strip.setAttribute("height", model.extent)
    const { counts, widest } = model.stairs
    strip.style.display = counts ? "" : "none"
    if (!counts) { said.hidden = true; return }
    // The root of the count, so that a handful of states is seen beside hundreds.
    const most = Math.sqrt(Math.max(1, ...counts)), wide = (count) => Math.sqrt(count) / most * (STRIP - 3)
    const all = [], flat = [], heights = []
    for (let y = 0; y < model.extent; y++) {
      const t = thresholdAt(y + 0.5), count = countAt(t), isFlat = widest && t > widest[0] && t <= widest[1]
      if (isFlat) heights.push(`M0 ${y}h${STRIP}v1H0z`)
      if (count) (isFlat ? flat : all).push(`M0 ${y}h${wide(count).toFixed(1)}v1H0z`)
    }
    strip.append(
      svg("rect", { class: "room", width: STRIP, height: model.extent }),
      svg("line", { class: "base", x1: 0.5, x2: 0.5, y1: 0, y2: model.extent }),
      svg("path", { class: "stretch", d: heights.join("") }),
      svg("path", { class: "counts", d: all.join("") }), svg("path", { class: "widest", d: flat.join("") }),
    )
    if (inStrip()) {
      for (const [text, y] of [["1", 8], ["0", model.extent - 2]]) {
        const end = svg("text", { class: "end", x: STRIP - 1, y, "text-anchor": "end" })
        end.textContent = text
        strip.append(end)
      }
    }
    drawNow()
  }

  // A press on the strip takes the threshold there.
  strip.addEventListener("pointermove", (event) => {
    const y = event.clientY - strip.getBoundingClientRect().top
    said.hidden = !model.stairs.counts || held !== null
    if (said.hidden) return
    said.textContent = worth(thresholdAt(within(y)))
    said.style.top = `${Math.max(10, Math.min(model.extent - 10, y))}px`
  })
  strip.addEventListener("pointerleave", () => { said.hidden = true })
  strip.addEventListener("click", (event) => {
    set(thresholdAt(within(event.clientY - strip.getBoundingClientRect().top)), true)
  })

  function drawNow() {
    for (const mark of strip.querySelectorAll(".now")) mark.remove()
    if (!model.stairs.counts) return
    const heights = model.rule === "beyond" && !inStrip() ? [toPixel(value), valueToPixel(-value)] : [toPixel(value)]
    for (const y of heights.map(within)) strip.append(svg("line", { class: "now", x1: 0, x2: STRIP, y1: y, y2: y }))
    strip.setAttribute("aria-label", worth(value))
  }

  // -- the threshold --------------------------------------------------------------------------------------------------

  function place(element, y) {
    element.style.top = `${within(y)}px`
    element.style.left = inStrip() ? "0px" : `${model.gutter}px`
    element.style.width = inStrip() ? `${STRIP}px` : `${model.across}px`
    element.classList.toggle("inside", inStrip())
    element.classList.toggle("outside", y < 0 || y > model.extent)
    element.classList.toggle("held", held !== null)
    element.querySelector(".value").textContent = worded(value)
  }

  function drawLine() {
    const twice = model.rule === "beyond" && !inStrip()
    if (twice && !mirror.isConnected) line.after(mirror)
    if (!twice) {
      if (holder === mirror) letGo()
      mirror.remove()
    }
    place(line, toPixel(value))
    if (twice) place(mirror, valueToPixel(-value))
    const [low, high] = range()
    const count = model.stairs.counts ? `, ${countAt(value)} states` : ""
    for (const [name, v] of [["now", value], ["min", low], ["max", high], ["text", `${worded(value)}${count}`]]) {
      line.setAttribute(`aria-value${name}`, v)
    }
    line.setAttribute("aria-label", model.label)
    drawNow()
  }

  function set(t, done) {
    value = rounded(t)
    drawLine()
    if (preview && held !== null && !done) previewed = true
    if (previewed) drawPreview()
    const state = { threshold: value, done, previewed }
    if (done && moved) outbox.end(state)
    else outbox(state)
  }

  // As if nothing had been dragged.
  function cancel() {
    held = holder = null
    set(before, true)
    moved = false
    settle()
  }

  // The line that was held is gone, or means another source by now.
  function letGo() {
    held = holder = null
    previewed = false
    clear()
    outbox.end({ letGo: true })
  }

  // -- a drag drawn ahead of the server -------------------------------------------------------------------------------

  const drawPreview = oncePerFrame(() => {
    if (!previewed || !preview) return
    const chosen = preview.selected(value), pen = penOver(preview)
    shade(pen, preview, preview.selection)
    preview.stroke(pen, chosen, plotted())
    overlay.dataset.threshold = value
    sayDrawn(preview, chosen, preview.heat(chosen, value))
  })

  const drawBrushed = oncePerFrame(() => {
    if (!brushed || !brush) return
    const chosen = brush.selected(brushed), { range } = brushed, pen = penOver(brush)
    shade(pen, brush, range)
    brush.stroke(pen, chosen, plotted())
    overlay.dataset.selection = range ? range.join("-") : ""
    sayDrawn(brush, chosen, brush.heat(chosen))
  })

  // Asked of the model once, not at each point of a line: the model takes its time.
  const plotted = () => ({ across: model.across, extent: model.extent, low: model.low, high: model.high })

  // A sheet over the plot with the picture of all states, and what draws on it.
  function penOver({ picture }) {
    const ratio = window.devicePixelRatio, pen = overlay.getContext("2d")
    overlay.width = model.across * ratio
    overlay.height = model.extent * ratio
    overlay.style.cssText = `left: ${model.gutter}px; width: ${model.across}px; height: ${model.extent}px`
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    const colour = (name) => getComputedStyle(overlay).getPropertyValue(name)
    pen.fillStyle = colour("--lv-card")
    pen.fillRect(0, 0, model.across, model.extent)
    // Where Bokeh draws: half a pixel off, which moves a picture, whose pixels stay whole, by one.
    pen.imageSmoothingEnabled = false
    pen.drawImage(picture, 1, 0, model.across, model.extent)
    pen.translate(0.5, 0.5)
    pen.strokeStyle = pen.fillStyle = colour("--lv-accent")
    return pen
  }

  // The selected steps, as a column through the plot.
  function shade(pen, { first, shown }, range) {
    if (!range?.length) return
    const cell = model.across / shown
    pen.globalAlpha = SHADE
    pen.fillRect((range[0] - first) * cell, 1, (range[1] - range[0]) * cell, model.extent)
    pen.globalAlpha = 1
  }

  function sayDrawn(drawn, chosen, heat) {
    overlay.dataset.states = drawn.numbers(chosen).join(" ")
    if (model.matched) say({ heat, total: chosen.length })
    else if (told) say(null)
  }

  function say(what) {
    told = what !== null
    tell(root, PREVIEW, what)
  }

  function clear() {
    overlay.width = 0
    delete overlay.dataset.threshold
    delete overlay.dataset.selection
    if (told) say(null)
  }

  // The server has drawn what was decided at the end of the drag: once that is painted, the overlay goes.
  function settle() {
    if (!previewed || held !== null || !outbox.idle()) return
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (held !== null || !outbox.idle()) return
      previewed = false
      clear()
    }))
  }

  // Once the last gesture has been answered, so that none is passed over.
  const wanted = new Set()
  function ask(what) {
    if (!model[what].states) wanted.add(what)
    askNext()
  }

  function askNext() {
    const [what] = wanted
    if (!what || !outbox.idle()) return
    wanted.delete(what)
    outbox({ asked: what })
  }

  function brushing(said) {
    if (said?.ask) ask("brush_preview")
    else if (said?.can) said.can.push(brush?.knows(said) ?? false)
    else if (said || brushed) {
      brushed = said
      if (said) drawBrushed()
      else clear()
    }
  }

  // What was sent is of use once its picture is unpacked.
  function take(what, make, keep) {
    let newest = 0
    model.on(what, async () => {
      const number = ++newest, sent = model[what]
      keep(null)
      if (!sent.states) return lost(what)
      const picture = await createImageBitmap(new Blob([sent.picture], { type: "image/png" }))
      if (number !== newest) return
      keep({ ...make(sent), picture })
      if (what === "preview" && held !== null && moved) set(value, false)
    })
  }

  // What is drawn over the plot may be of another theme or width by now: the server draws until more is known.
  function lost(what) {
    if (what === "brush_preview" && brushed) {
      brushed = null
      clear()
      tell(root, LOST)
    }
    if (what !== "preview" || !previewed || held === null) return
    previewed = false
    clear()
    outbox({ threshold: value, done: false, previewed })
    ask("preview")
  }

  take("preview", thresholdPreview, (made) => { preview = made })
  take("brush_preview", brushPreview, (made) => { brush = made })

  for (const element of [line, mirror]) {
    const mirrored = element === mirror
    const height = () => within(mirrored ? valueToPixel(-value) : toPixel(value))
    element.addEventListener("pointerenter", () => ask("preview"))
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return
      ask("preview")
      element.setPointerCapture(event.pointerId)
      held = event.clientY - height()
      holder = element
      before = value
      moved = false
      said.hidden = true
      drawLine()
    })
    element.addEventListener("pointermove", (event) => {
      if (holder !== element) return
      moved = true
      set(toThreshold(event.clientY - held, mirrored), false)
    })
    const release = (event) => {
      if (holder !== element) return
      const last = toThreshold(event.clientY - held, mirrored)
      held = holder = null
      if (moved) set(last, true)      // a click alone changes nothing
      else drawLine()
      moved = false
      settle()
    }
    element.addEventListener("pointerup", release)
    element.addEventListener("pointercancel", release)
  }
  line.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key]
    if (!steps) return
    event.preventDefault()
    set(value + steps * model.step * (inStrip() ? 1 : sign()), true)
  })

  model.on("seen", () => { settle(); askNext() })
  model.on(["threshold", "seen"], () => {
    if (held !== null || !outbox.idle()) return
    value = model.threshold
    drawLine()
  })
  model.on("label", () => { if (held !== null) letGo() })
  const whole = ["low", "high", "ticks", "across", "gutter", "extent", "rule", "unit", "stairs", "label"]
  model.on(whole, oncePerFrame(() => { drawTicks(); drawStrip(); drawLine() }))
  onAction(model, view, {
    [model.action]: () => (model.matched ? line.focus() : false), clear: () => (held !== null && moved ? cancel() : false),
  })
  drawTicks()
  drawStrip()
  drawLine()
  // What stands around is there once this is laid out.
  let deafen = null
  const placed = new ResizeObserver(() => { deafen ??= hear(columnsAround(view), BRUSH, brushing) })
  placed.observe(root)
  model.on("remove", () => { placed.disconnect(); deafen?.() })
  return root
}

function svg(name, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}
