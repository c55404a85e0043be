// The words under the lines, one cell a step; the brush on them; the limits left and right of it. Where tokens are no
// words, numbers, vectors or images stand in the same cells, on a canvas behind.
// Everything is placed in units of one cell, so that words, lines and limits share their columns to the pixel.

const WORDS = 24, PATTERN = 26, EDGE = 6, LEAST_FOR_TEXT = 9
const SVG = "http://www.w3.org/2000/svg"

function node(name, attributes = {}, parent = null) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  if (parent) parent.append(element)
  return element
}

export function render({ model, view }) {
  const root = document.createElement("div")
  root.className = "strip"
  const track = "kind" in model.tokens ? tokenTrack(root, model) : null
  const tall = track ? model.tall : WORDS
  if (track) root.style.height = `${tall + PATTERN}px`
  const svg = node("svg", { height: tall + PATTERN, tabindex: 0, role: "group", "aria-label": `${track ? "Steps" : "Words"}; drag to select` })
  const cells = node("g", {}, svg), over = node("g", {}, svg), marks = node("g", {}, svg)
  const told = document.createElement("span")
  told.className = "told"
  told.setAttribute("role", "status")
  svg.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight shift+ArrowLeft shift+ArrowRight Enter")
  root.append(svg, told)

  let range = null, left = 0, right = 0      // what is drawn; runs ahead of the server while the mouse is held
  let ahead = null                           // heat and total while the browser draws a drag by itself
  let columns = root, previewed = false      // what else shows these steps, and whether it draws the brush's drag
  let gesture = null
  let cursor = null, anchor = null           // the step that keys are at, and the one that they select from
  const outbox = latestOnly(model)

  const stepAt = (event) => model.first + column(event)      // with a fraction
  const column = (event) => (event.clientX - svg.getBoundingClientRect().left - model.gutter) / model.cell
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value))
  const count = () => model.words.length

  function drawWords() {
    const font = `12px ${getComputedStyle(root).getPropertyValue("--lv-font")}`
    const { words, cell, gutter, first } = model
    svg.setAttribute("width", gutter + words.length * cell)
    cells.replaceChildren()
    cells.classList.toggle("dense", cell < LEAST_FOR_TEXT)
    words.forEach((word, i) => {
      const x = gutter + i * cell
      const box = node("rect", { x, y: 0, width: cell, height: tall, class: "cell", "data-step": first + i }, cells)
      node("title", {}, box)
      if (model.edges.includes(first + i)) node("line", { x1: x, x2: x, y1: 0, y2: tall + PATTERN, class: "edge" }, cells)
      if (first + i === model.mark) node("path", { d: `M${x + cell / 2 - 5} ${tall + 7} l5 -6 l5 6 z`, class: "mark" }, cells)
      if (cell >= LEAST_FOR_TEXT && !track) {
        const scale = squeezed(word, cell - 4, font)
        const text = node("text", { class: "word", transform: `translate(${x + cell / 2} 16) scale(${scale} 1)` }, cells)
        text.textContent = word
      }
    })
    if (cell < LEAST_FOR_TEXT) node("rect", { x: gutter, y: 0.5, width: words.length * cell, height: tall - 1, class: "frame" }, cells)
    if (track) drawLabels()
    drawHeat()
    drawBrush()
    drawMarks()
  }

  const known = () => ahead ?? model
  const warmth = (i) => known().total ? Math.round(known().heat[i] / known().total * 100 * model.warmest) : 0
  const sentence = (i, said) => `${said} · step ${(model.first + i).toLocaleString("en")}` +
    (known().total ? ` · ${known().heat[i]} of ${known().total} selected states on` : "")

  function drawHeat() {
    const { words } = model
    cells.querySelectorAll(".cell").forEach((box, i) => {
      box.style.fill = track ? "transparent" : `color-mix(in srgb, var(--lv-ramp-high) ${warmth(i)}%, var(--lv-card))`
      box.firstChild.textContent = sentence(i, words[i])
    })
    if (track) track.draw(warmth)
  }

  function drawLabels() {
    const font = `11px ${getComputedStyle(root).getPropertyValue("--lv-font")}`
    for (const { text, right, y } of track.labels()) {
      const transform = `translate(${right} ${y}) scale(${squeezed(text, right - AIR, font)} 1)`
      node("text", { class: "side", "text-anchor": "end", transform }, cells).textContent = text
    }
  }

  // A vector's component says its value once the pointer is on it.
  function say(event) {
    const i = Math.floor(column(event)), title = cells.querySelectorAll(".cell")[i]?.firstChild
    const text = title && sentence(i, track.component(i, event.clientY - svg.getBoundingClientRect().top) ?? model.words[i])
    if (title && title.textContent !== text) title.textContent = text
  }

  function drawBrush() {
    over.replaceChildren()
    if (!range) return
    const { cell, gutter, first } = model
    const at = (step) => gutter + (step - first) * cell
    const [start, stop] = range, a = at(start), b = at(stop), from = at(start - left), to = at(stop + right)
    const clip = gutter, end = gutter + count() * cell
    if (b > clip && a < end) {
      const x = Math.max(a, clip), width = Math.min(b, end) - x
      node("rect", { x: x + 1, y: 1, width: Math.max(width - 2, 1), height: tall - 2, class: "brush" }, over)
    }
    const low = tall + 17, high = tall + 5, inside = (x) => clamp(x, clip, end)
    const path = `M${inside(from)} ${low} H${inside(a)} V${high} H${inside(b)} V${low} H${inside(to)}`
    if (b > clip && a < end) node("path", { d: path, class: "pattern" }, over)
    for (const [side, x, steps] of [["left", inside(from), left], ["right", inside(to), right]]) {
      if (b <= clip || a >= end) continue
      const grip = node("g", { class: "grip", "data-side": side }, over)
      node("rect", { x: x - 8, y: tall, width: 16, height: PATTERN, class: "reach" }, grip)
      node("rect", { x: x - 3.5, y: low - 6, width: 7, height: 12, rx: 1.5, class: "handle" }, grip)
      const word = steps ? `off ${steps}` : "off"
      const anchor = side === "left" ? "end" : "start"
      node("text", { x: x + (side === "left" ? -8 : 8), y: low + 4, class: "side", "text-anchor": anchor }, grip).textContent = word
      node("title", {}, grip).textContent = `${steps} step(s) ${side === "left" ? "before" : "after"} the selection at which a state must be off. Drag.`
    }
  }

  function drawMarks() {
    marks.replaceChildren()
    const { cell, gutter, first, hits } = model, end = first + count()
    for (const [start, stop] of hits) {
      const a = gutter + (Math.max(start, first) - first) * cell, b = gutter + (Math.min(stop, end) - first) * cell
      node("rect", { x: a + 1, y: tall - 3, width: Math.max(b - a - 2, 1), height: 3, class: "hit" }, marks)
    }
    if (cursor === null || cursor < first || cursor >= end) return
    node("rect", { x: gutter + (cursor - first) * cell + 1.5, y: 1.5, width: Math.max(cell - 3, 2), height: tall - 3, class: "cursor" }, marks)
    told.textContent = sentence(cursor - first, model.words[cursor - first])
  }

  // The cursor goes word by word; at the edge of what is shown, the words move on.
  function walk(by, extends_) {
    const { first, steps } = model, last = first + count() - 1
    const from = cursor ?? clamp(range ? (by > 0 ? range[1] - 1 : range[0]) : model.mark, first, last)
    if (extends_ && anchor === null) anchor = from
    cursor = clamp(from + (cursor === null && !extends_ ? 0 : by), 0, steps - 1)
    if (!extends_) anchor = null
    if (extends_) range = [Math.min(anchor, cursor), Math.max(anchor, cursor) + 1]
    const ahead = cursor < first ? cursor : cursor > last ? cursor - count() + 1 : null
    if (ahead !== null) outbox({ first: ahead, done: true, ...(extends_ && { range }) })
    else if (extends_) send(true)
    drawBrush()
    drawMarks()
  }

  function take() {
    if (cursor === null) walk(1, false)
    anchor = cursor
    range = [cursor, cursor + 1]
    drawBrush()
    send(true)
  }

  function zone(event) {
    const c = column(event), grip = event.target.closest?.(".grip")
    if (grip) return grip.dataset.side
    const y = event.clientY - svg.getBoundingClientRect().top
    if (y > tall || c < 0 || c > count()) return null
    if (range) {
      const a = range[0] - model.first, b = range[1] - model.first, near = Math.min(EDGE / model.cell, 0.3)
      if (Math.abs(c - a) < near) return "start"
      if (Math.abs(c - b) < near) return "stop"
      if (c > a && c < b) return "move"
    }
    return "new"
  }

  function moved(event) {
    const c = stepAt(event), { first } = model, last = first + count()
    const { kind, at, before } = gesture
    gesture.dragged ||= Math.abs(event.clientX - gesture.x) > 3
    if (!gesture.dragged) return
    // Where it began stays on its word, though that may be out of sight by now.
    const [low, high] = [Math.min(first, Math.floor(at)), Math.max(last, Math.ceil(at))]
    const span = (p, q) => [clamp(Math.floor(Math.min(p, q)), low, high - 1), clamp(Math.ceil(Math.max(p, q)), low + 1, high)]
    if (kind === "new") range = span(at, c)
    else if (kind === "move") {
      const length = before[1] - before[0]
      const start = clamp(before[0] + Math.round(c - at), Math.min(first, before[0]), Math.max(last - length, before[0]))
      range = [start, start + length]
    }
    else if (kind === "start") range = [clamp(Math.round(c), Math.min(first, range[1] - 1), range[1] - 1), range[1]]
    else if (kind === "stop") range = [range[0], clamp(Math.round(c), range[0] + 1, Math.max(last, range[0] + 1))]
    else if (kind === "left") left = clamp(Math.round(range[0] - c), 0, clamp(range[0] - first, 0, 99))
    else right = clamp(Math.round(c - range[1]), 0, clamp(last - range[1], 0, 99))
    drawBrush()
    send(false)
  }

  function send(done) {
    const limits = gesture?.kind === "left" || gesture?.kind === "right"
    if (gesture) drawAhead()
    const state = limits ? { left, right, done, previewed } : { range, done, previewed }
    if (gesture && done) outbox.end(state)
    else outbox(state)
  }

  // Plots, words and tracks show at once what the brush selects, if each of the plots knows.
  function drawAhead() {
    const can = []
    tell(columns, BRUSH, { range, left, right, can })
    const known = can.length > 0 && can.every(Boolean)
    if (known || previewed) tell(columns, BRUSH, known ? { range, left, right } : null)
    previewed = known
  }

  // What a plot knew no longer holds: the server draws until it knows anew.
  function drawBehind() {
    tell(columns, BRUSH, { ask: true })
    if (previewed && gesture) send(false)
  }

  // The server has drawn what was decided at the end of the drag: once that is painted, the plots give way.
  function settle() {
    if (!previewed || gesture || !outbox.idle()) return
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!previewed || gesture || !outbox.idle()) return
      previewed = false
      tell(columns, BRUSH, null)
    }))
  }

  svg.addEventListener("pointerenter", () => tell(columns, BRUSH, { ask: true }))
  svg.addEventListener("pointerdown", (event) => {
    const kind = event.button === 0 ? zone(event) : null
    if (!kind) return
    svg.setPointerCapture(event.pointerId)
    tell(columns, BRUSH, { ask: true })
    gesture = { kind, at: stepAt(event), x: event.clientX, before: range, limits: [left, right], dragged: false }
  })
  svg.addEventListener("pointermove", (event) => {
    if (gesture) return moved(event)
    const cursors = { left: "ew-resize", right: "ew-resize", start: "ew-resize", stop: "ew-resize", move: "grab", new: "crosshair" }
    svg.style.cursor = cursors[zone(event)] || "default"
    if (track) say(event)
  })
  const finish = (event) => {
    if (!gesture) return
    if (!gesture.dragged && gesture.kind === "new") {       // a click: clears what there is, else takes the word
      const step = clamp(Math.floor(gesture.at), 0, model.steps - 1)
      range = range ? null : [step, step + 1]
      drawBrush()
      send(true)
    } else if (gesture.dragged) send(true)
    gesture = null
    adopt()
    settle()
  }
  // As if nothing had been dragged.
  function cancel() {
    range = gesture.before
    ;[left, right] = gesture.limits
    drawBrush()
    send(true)
    gesture = null
    settle()
  }
  svg.addEventListener("pointerup", finish)
  svg.addEventListener("pointercancel", finish)
  svg.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by) walk(by, event.shiftKey)
    else if (event.key === "Enter" || event.key === " ") take()
    else if (event.key === "Escape" && range) { range = anchor = null; drawBrush(); send(true) }
    else return
    event.preventDefault()
  })
  onAction(model, view, { [model.action]: () => svg.focus(), clear: () => (gesture?.dragged ? cancel() : false) })
  svg.addEventListener("blur", () => { cursor = anchor = null; drawMarks() })

  function adopt() {
    if (gesture || !outbox.idle()) return    // the mouse is ahead of this echo
    range = model.selection && model.selection.length ? [...model.selection] : null
    left = model.left
    right = model.right
    drawBrush()
  }

  let anew = false
  const redraw = oncePerFrame(() => { anew ? drawWords() : drawHeat(); anew = false })
  model.on(["words", "cell", "first", "mark", "edges", "tokens"], () => { anew = true; redraw() })
  model.on(["heat", "total", "warmest"], redraw)
  model.on("hits", drawMarks)
  model.on("mark", () => {        // a match was opened from far down the page: show where it leads
    if (root.getBoundingClientRect().bottom < 0) root.scrollIntoView({ behavior: "smooth", block: "center" })
  })
  model.on(["selection", "left", "right", "seen"], adopt)
  model.on("seen", settle)

  let placed = false, unwatchWheel = () => {}, deafen = () => {}
  const sizes = new ResizeObserver(() => {
    if (!placed) {
      keepEnter(root)
      columns = columnsAround(view)
      unwatchWheel = watchWheel(columns, model, outbox)
      const ends = [
        hear(columns, PREVIEW, (said) => { ahead = said; drawHeat() }),      // in the frame of the plots
        hear(columns, LOST, drawBehind),
      ]
      deafen = () => { for (const end of ends) end() }
    }
    placed = true
    const room = Math.floor(root.getBoundingClientRect().width) - model.gutter
    if (room > 0 && room !== model.room) model.room = room
  })
  sizes.observe(root)
  model.on("remove", () => { sizes.disconnect(); unwatchWheel(); deafen() })
  dropEchoes(view.model.document)
  adopt()
  drawWords()
  return root
}
