// A row per match, a cell per step, aligned at the start of the match. Words are drawn on a canvas: a thousand elements
// would make every change of the page slow. Rows stay elements, for those who read them without seeing them.
// The cell under the pointer is framed and said in words at once; the server learns of it for the heatmaps beside, and
// tells of cells that are hovered there. Where tokens are no words, what they are is painted into the cells instead.
// Of many rows only those are painted that can be seen, with some more above and below, so that scrolling is smooth.

const PADDING = 4, WIDEST = 64, LEGIBLE = 9, NEAR = 6, SIZE = 12, BAR_ALPHA = 0.6, SIDES = 3, LINE = 2, SPARE = 16, TIGHT = 56

function box(name, role, parent) {
  const element = document.createElement("div")
  element.className = name
  if (role) element.setAttribute("role", role)
  parent.append(element)
  return element
}

export function render({ model, view }) {
  const root = document.createElement("div")
  root.className = "matrix"
  const above = box("above", null, root), colours = box("colours", null, above), head = box("head", null, above)
  const note = legendNote(root), legend = legendLine(colours, note)
  const before = side("before", "◂ ", " before", "Steps shown before a match starts")
  const after = side("after", "match and what follows ▸ ", "", "Steps shown from the start of a match on")
  const grid = box("grid", "grid", root)
  grid.tabIndex = 0
  grid.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown ArrowLeft ArrowRight PageUp PageDown Home End Enter Escape")
  grid.setAttribute("aria-label", "Matches, best first. Arrow keys move, Enter shows the place above.")
  const canvas = grid.appendChild(document.createElement("canvas")), pen = canvas.getContext("2d")
  const line = box("line", null, root), frame = box("frame", null, grid)
  const tip = box("tip", "status", root)
  tip.popover = "manual"

  const zoom = matrixZoom({
    box: root, parent: colours, area: grid, least: model.slimmest, most: model.widest, width: () => cell, change: widen,
    tell: () => say({ cell: asked }),
  })

  let rows = {}, fills = {}, tokens = {}   // what is drawn: of what the server sends, all of one answer
  let painted = null, paint = null         // tokens that are no words, and what paints them
  const pool = []                          // row elements, kept from one answer to the next
  let asked = 0                            // width of a step in px that was asked for, 0 for what there is room for
  let cell = model.narrowest               // the one that is drawn
  let current = null, beside = "cell"      // cell that is framed, and where its words stand
  let inside = false                       // whether the pointer is on the grid
  let byKey = false                        // whether keys have moved on since the pointer did
  let pointer = { x: 0, y: 0 }             // anywhere in the window: a heatmap's cell is said beside it
  let active = [0, 0]                      // the cell where keys go on
  let texts = [], codes = [], remarks = [], places = null      // what is said of the cells, and their colours
  let top = 0, bottom = 0                  // rows that are painted
  let first = 0                            // the first of the rows that are drawn beside
  const context = {}                       // numbers of steps around the matches, as the fields have been told
  const outbox = latestOnly(model)
  const count = () => rows.starts?.length ?? 0
  const columns = () => rows.columns ?? 0
  const wordAt = ([row, column]) => texts[codes[row * columns() + column]] ?? null
  const inMatch = (row, column) => column >= rows.before && column < rows.before + rows.lengths[row]
  const limited = (value, high) => Math.max(0, Math.min(value, high))

  // Of several views of one matrix, none may repeat what was asked for in another: that is said once.
  const say = (once) => outbox({ hovered: current, first }, once)

  function side(name, left, right, label) {
    const part = document.createElement("label"), field = document.createElement("input")
    part.className = name
    field.type = "number"
    field.setAttribute("aria-label", label)
    field.title = label
    part.append(left, field, box("rest", null, part))
    part.lastChild.textContent = right
    head.append(part)
    field.addEventListener("change", () => {
      const number = Math.round(limited(Number(field.value) || 0, Number(field.max)))
      field.value = Math.max(Number(field.min), number)
      say({ context: { before: Number(before.field.value), after: Number(after.field.value) } })
    })
    return { part, field }
  }

  // -- drawing ----------------------------------------------------------------------------------------------------

  function drawRows() {
    const { starts, own } = rows
    while (pool.length < count()) {
      const row = box("row", "row", grid)
      row.id = `row-${pool.length}`
      const label = box("label", "rowheader", row), link = document.createElement(model.linked ? "a" : "span")
      link.tabIndex = -1
      label.append(link)
      pool.push({ row, link, text: box("text", "gridcell", row) })
    }
    pool.forEach(({ row, link, text }, r) => {
      row.hidden = r >= count()
      if (row.hidden) return
      row.classList.toggle("own", r === own)
      link.textContent = r === own ? "selection" : starts[r].toLocaleString("en")
      if (model.linked) link.href = addressOf(r)
      const words = Array.from({ length: columns() }, (_, c) => wordAt([r, c]))
      text.textContent = words.filter((word) => word !== null).join(" ")
    })
    grid.setAttribute("aria-rowcount", count())
    drawOpened()
  }

  // What is typed in one field stays while the other's number is on its way.
  function drawContext() {
    for (const [name, { field }] of Object.entries({ before, after })) {
      const { value, low, high } = model.context[name]
      Object.assign(field, { min: low, max: high })
      if (context[name] !== value) field.value = context[name] = value
    }
  }

  // This page with another step shown: the address holds all else.
  function addressOf(row) {
    const address = new URL(window.location)
    address.searchParams.set("position", rows.starts[row])
    return address.href
  }

  function drawOpened() {
    pool.forEach(({ row }, r) => {
      if (r === model.opened) row.setAttribute("aria-current", "location")
      else row.removeAttribute("aria-current")
    })
  }

  // Rows that can be seen.
  function seen() {
    const { top: y } = grid.getBoundingClientRect(), height = model.row_height
    return [limited(Math.floor(-y / height), count()), limited(Math.ceil((window.innerHeight - y) / height), count())]
  }

  function scroll() {
    const [from, to] = seen()
    if (from < top || to > bottom) drawCells()
    const [low, high] = [Math.max(0, from - SPARE / 2), Math.min(count(), to + SPARE / 2)]
    if (low >= first && high <= first + model.beside) return
    const middle = Math.round((from + to - model.beside) / 2)
    const next = limited(middle, Math.max(0, count() - model.beside))
    if (next === first) return
    first = next
    say()
  }

  function drawCells() {
    const height = model.row_height, ratio = window.devicePixelRatio, [from, to] = seen()
    const few = count() <= model.beside
    top = few ? 0 : Math.max(0, from - SPARE)
    bottom = few ? count() : Math.min(count(), to + SPARE)
    canvas.width = columns() * cell * ratio
    canvas.height = (bottom - top) * height * ratio
    canvas.style.top = `${top * height}px`
    canvas.style.height = `${(bottom - top) * height}px`
    const { colours } = fills
    const placeOf = (r, c) => places?.[r * columns() + c] ?? -1
    pen.setTransform(ratio, 0, 0, ratio, 0, -top * height * ratio)
    each((r, c) => {
      const place = placeOf(r, c)
      if (place < 0) return
      pen.fillStyle = colours[place]
      pen.fillRect(c * cell, r * height, cell - 1, height - 1)
    })
    const { fontFamily } = getComputedStyle(grid), { kind } = tokens
    if (kind) drawTokens(placeOf)
    if ((kind && kind !== "number") || cell < LEGIBLE) return
    for (const bold of [false, true]) drawText(bold, `${bold ? "bold " : ""}${SIZE}px ${fontFamily}`, placeOf)
  }

  // A number has a bar below its text. On both sides of a vector or an image the cell's colour stays in sight, and those of
  // the match are underlined.
  function drawTokens(placeOf) {
    const { ink, inks } = fills, height = model.row_height
    if (painted !== tokens) [painted, paint] = [tokens, tokenPainter(tokens)]
    each((r, c) => {
      if (wordAt([r, c]) === null) return
      const at = r * columns() + c, x = c * cell, y = r * height, place = placeOf(r, c)
      if (tokens.kind === "number") {
        pen.fillStyle = place < 0 ? ink : inks[place]
        pen.globalAlpha = BAR_ALPHA
        paint(pen, at, x, y + height - 1 - LINE, cell - 1, LINE, true)
        pen.globalAlpha = 1
        return
      }
      paint(pen, at, x + SIDES, y, cell - 1 - 2 * SIDES, height - 1 - LINE)
      pen.fillStyle = tokens.ink
      if (inMatch(r, c)) pen.fillRect(x, y + height - 1 - LINE, cell - 1, LINE)
    })
  }

  function drawText(bold, font, placeOf) {
    const { ink, inks } = fills, height = model.row_height, ratio = window.devicePixelRatio
    pen.font = font
    pen.textAlign = "center"
    each((r, c) => {
      const word = wordAt([r, c])
      if (!word || inMatch(r, c) !== bold) return
      const scale = squeezed(word, cell - PADDING, font), place = placeOf(r, c)
      pen.setTransform(ratio * scale, 0, 0, ratio, ratio * (c + 0.5) * cell, ratio * (r - top) * height)
      pen.fillStyle = place < 0 ? ink : inks[place]
      pen.fillText(word, 0, height / 2 + 4)
    })
  }

  function each(visit) {
    for (let r = top; r < bottom; r++) for (let c = 0; c < columns(); c++) visit(r, c)
  }

  function fit() {
    const room = root.clientWidth - model.gutter
    cell = asked || Math.max(model.narrowest, Math.min(WIDEST, Math.floor(room / Math.max(columns(), 1))))
    const start = model.gutter + (rows.before ?? 0) * cell, width = columns() * cell
    const seen = root.clientWidth
    const sizes = { seen, cell, width, start, height: count() * model.row_height, gutter: model.gutter, row: model.row_height, head: model.head }
    for (const [name, px] of Object.entries(sizes)) root.style.setProperty(`--${name}`, `${px}px`)
    head.classList.toggle("tight", start - model.gutter < TIGHT)
    zoom.draw(asked)
    legend.fit()
    drawCells()
    if (current) drawFrame()
  }

  // Draw words of another width; what lies at `x`, in px from the left edge of the matrix, stays there.
  function widen(width, x = model.gutter) {
    const offset = (root.scrollLeft + x - model.gutter) / cell
    asked = width
    fit()
    root.scrollLeft = offset * cell + model.gutter - x
    pointAnew()
  }

  // -- the cell that is pointed at --------------------------------------------------------------------------------

  function sentence([row, column]) {
    const word = wordAt([row, column]), k = row * columns() + column
    const said = remarks.map((remark) => remark.texts[remark.codes[k]]).filter(Boolean)
    const step = rows.starts[row] - rows.before + column
    return [word.trim() ? word : JSON.stringify(word), ...said, `step ${step.toLocaleString("en")}`].join(" · ")
  }

  function drawFrame() {
    frame.hidden = !current
    if (!current) {
      grid.removeAttribute("aria-activedescendant")
      if (tip.matches(":popover-open")) tip.hidePopover()
      return
    }
    const [row, column] = current
    frame.style.transform = `translate(${model.gutter + column * cell}px, ${row * model.row_height}px)`
    grid.setAttribute("aria-activedescendant", pool[row].row.id)
    tip.textContent = sentence(current)
    if (!tip.matches(":popover-open")) tip.showPopover()
    const { x, y } = pointer, height = model.row_height
    placeTip(beside === "pointer" ? new DOMRect(x, y - height, 12, 2 * height) : frame.getBoundingClientRect())
  }

  function placeTip(near) {
    const { width, height } = tip.getBoundingClientRect()
    const below = near.bottom + NEAR, fits = below + height + NEAR <= window.innerHeight
    tip.style.left = `${Math.max(NEAR, Math.min(near.left, window.innerWidth - width - NEAR))}px`
    tip.style.top = `${Math.max(NEAR, fits ? below : near.top - height - NEAR)}px`
  }

  function point(next, where = "cell") {
    current = next && next[0] < count() && wordAt(next) !== null ? next : null
    beside = where
    drawFrame()
  }

  function pointHere(next) {
    if (String(next) === String(current)) return
    point(next)
    say()
  }

  // -- gestures ---------------------------------------------------------------------------------------------------

  function under(event) {
    const { left, top } = grid.getBoundingClientRect()
    const row = Math.floor((event.clientY - top) / model.row_height)
    const column = Math.floor((event.clientX - left - model.gutter) / cell)
    return row >= 0 && row < count() && column < columns() ? [row, column] : null
  }

  const opens = (at) => at !== null && (at[1] < 0 || wordAt(at) !== null)

  function open(row) {
    active = [row, active[1]]
    say({ opened: row })
  }

  const elsewhere = (event) => model.linked && (event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1)
  const onLink = (event) => event.composedPath().some((element) => element.href)

  // On a link the browser itself does what it does with links.
  function openElsewhere(event, row) {
    if (!onLink(event)) window.open(addressOf(row), "_blank", "noopener")
  }

  grid.addEventListener("pointermove", (event) => {
    inside = true
    byKey = false
    const at = under(event)
    grid.classList.toggle("link", opens(at))
    if (at && model.linked) pool[at[0]].link.href = addressOf(at[0])
    pointHere(at)
  })
  grid.addEventListener("pointerleave", () => {
    inside = false
    pointHere(null)
  })
  grid.addEventListener("click", (event) => {
    const at = under(event)
    if (!opens(at)) return
    if (elsewhere(event)) return openElsewhere(event, at[0])
    event.preventDefault()
    open(at[0])
  })
  grid.addEventListener("auxclick", (event) => {
    const at = under(event)
    if (opens(at) && elsewhere(event)) openElsewhere(event, at[0])
  })
  grid.addEventListener("keydown", (event) => {
    const [row, column] = active
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [row - 10, column], PageDown: [row + 10, column], Home: [0, column], End: [count(), column],
    }
    if (!count()) return
    if (event.key === "Enter" && elsewhere(event)) openElsewhere(event, row)
    else if (event.key === "Enter" || event.key === " ") open(row)
    else if (event.key === "Escape") pointHere(null)
    else if (moves[event.key]) walk(moves[event.key])
    else return
    event.preventDefault()
  })
  grid.addEventListener("focus", () => {
    if (!inside && count() && grid.matches(":focus-visible")) walk(active)
  })
  grid.addEventListener("blur", () => { if (!inside) pointHere(null) })

  function walk([row, column]) {
    byKey = true
    active = [limited(row, count() - 1), limited(column, columns() - 1)]
    pool[active[0]].row.scrollIntoView({ block: "nearest", inline: "nearest" })
    pointHere(active)
  }

  const track = (event) => { pointer = { x: event.clientX, y: event.clientY } }
  const rest = oncePerFrame(scroll)

  // Where the pointer rests, another cell lies under it now.
  function pointAnew() {
    if (inside && !byKey) pointHere(under({ clientX: pointer.x, clientY: pointer.y }))
    if (current) drawFrame()
  }

  const scrolled = () => {
    pointAnew()
    rest()
  }
  window.addEventListener("pointermove", track, { passive: true, capture: true })
  window.addEventListener("scroll", scrolled, { passive: true, capture: true })
  root.addEventListener("scroll", pointAnew, { passive: true })    // which is not heard outside

  // -- from the server --------------------------------------------------------------------------------------------

  function draw() {
    const again = rows === model.rows
    ;({ rows, fills, tokens } = model)
    remarks = model.remarks.map(({ texts, codes }) => ({ texts, codes: new Int32Array(codes) }))
    places = fills.places && new Int32Array(fills.places)
    if (again) return drawCells()
    texts = rows.texts ?? []
    codes = new Int32Array(rows.codes ?? [])
    active = [0, rows.before ?? 0]
    first = Math.min(first, Math.max(0, count() - model.beside))
    point(null)
    drawRows()
    fit()
    scroll()
  }

  model.on(["rows", "fills", "tokens", "remarks"], oncePerFrame(draw))
  model.on("legend", () => legend.draw(model.legend))
  model.on("cell", () => { if (!zoom.going() && asked !== model.cell) widen(model.cell) })
  model.on("context", drawContext)
  model.on("opened", drawOpened)
  model.on("stale", () => root.classList.toggle("stale", model.stale))
  model.on("hovered", () => {
    if (!inside && outbox.idle()) point(model.hovered.cell, model.hovered.beside)    // else this echo is old
  })
  const sizes = new ResizeObserver(oncePerFrame(fit)), page = new ResizeObserver(rest)
  sizes.observe(root)
  page.observe(document.documentElement)
  model.on("remove", () => {
    zoom.end()
    sizes.disconnect()
    page.disconnect()
    window.removeEventListener("pointermove", track, { capture: true })
    window.removeEventListener("scroll", scrolled, { capture: true })
  })
  const ifShown = (act) => () => (grid.checkVisibility({ visibilityProperty: true }) ? act() : false)
  onAction(model, view, {
    [model.action]: ifShown(() => grid.focus()),
    "wider matches": ifShown(() => zoom.by(ZOOM_STEP)),
    "narrower matches": ifShown(() => zoom.by(-ZOOM_STEP)),
    "fit matches": ifShown(zoom.fit),
  })
  asked = model.cell
  drawContext()
  legend.draw(model.legend)
  draw()
  return root
}
