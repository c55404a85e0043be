// Tracks under the words: a row or several each, a cell a step, in the columns of the words. What is done to them is drawn
// at once; the server brings what the cells hold. Colours fade with the number of selected states that are on, which is all
// that comes anew while a threshold is dragged.

export function render({ model, view }) {
  const root = element("div", "tracks")
  const board = element("div", "board", root)
  const canvas = element("canvas", "", board)
  const labels = element("div", "labels", board)
  const cells = element("div", "cells", board)
  const column = element("div", "column", board), frame = element("div", "frame", board)
  const foot = element("div", "foot", root)
  const add = element("button", "add", foot, "add track"), empty = element("span", "empty", foot)
  const fading = element("label", "mask", foot), mask = element("input", "", fading)
  const tip = element("div", "tip", root), note = legendNote(root), menu = element("div", "menu", root)
  cells.tabIndex = 0
  cells.setAttribute("role", "img")
  mask.type = "checkbox"
  fading.append("fade where few selected states are on")
  tip.setAttribute("role", "status")
  tip.popover = "manual"
  menu.popover = "auto"
  add.popoverTargetElement = menu

  let order = [], faded = true             // what is drawn; runs ahead of the server
  let layout = { rows: [], height: 0 }
  let current = null                       // cell [row, column] that is framed and said
  let active = [0, 0], inside = false
  let ahead = null                         // heat and total while the browser draws a drag by itself
  let deafen = null
  const outbox = latestOnly(model)
  const limited = (value, high) => Math.max(0, Math.min(value, high))
  const count = () => model.words.length
  const names = trackLabels(labels, note, {
    order: () => order,
    change: (tracks) => {
      order = tracks
      draw()
      send()
      if (!tracks.length) add.focus()
    },
    preview: (tracks) => { order = tracks; draw() },
  })

  function send() {
    outbox({ tracks: order, mask: faded })
  }

  // -- drawing ----------------------------------------------------------------------------------------------------

  function draw() {
    const sent = new Map(model.tracks.map((track) => [track.name, track]))
    const tracks = order.map((name) => sent.get(name)).filter(Boolean)
    layout = laidOut(tracks)
    const sizes = { gutter: model.gutter, width: count() * model.cell, height: layout.height, cell: model.cell, above: model.above }
    for (const [name, px] of Object.entries(sizes)) root.style.setProperty(`--${name}`, `${px}px`)
    board.hidden = fading.hidden = !tracks.length
    names.draw(layout, tracks)
    const said = tracks.map(({ title }) => title).join(", ")
    cells.setAttribute("aria-label", `Values of ${said}, a column a step. Arrow keys say a cell.`)
    mask.checked = faded
    drawFoot()
    paint()
    point(current)
  }

  function drawFoot() {
    const none = !order.length && !model.addable.length
    add.hidden = !model.addable.length
    empty.textContent = none
      ? "This recording has no annotations. The command lstmvis annotate adds labels and numbers; each can be a track here."
      : ""
    drawMenu()
  }

  const known = () => ahead ?? model
  const fade = (i) => faded && known().total ? FAINTEST + (1 - FAINTEST) * known().heat[i] / known().total : 1

  function paint() {
    paintRows(canvas, layout, { count: count(), cell: model.cell, first: model.first, edges: model.edges }, fade)
  }

  // -- the list of what can be added ------------------------------------------------------------------------------

  function drawMenu() {
    const left = model.addable.map(([group, all]) => [group, all.filter(([name]) => !order.includes(name))])
    const shown = left.filter(([, all]) => all.length)
    const had = menu.contains(root.getRootNode().activeElement)
    menu.replaceChildren(...shown.map(([group, all]) => {
      const part = element("div", "group")
      const head = element("div", "head", part, group)
      part.setAttribute("role", "group")
      part.setAttribute("aria-label", group)
      if (all.length > 1) choose(head, `add all ${all.length}`, all.map(([name]) => name))
      for (const [name, title] of all) choose(part, title, [name])
      return part
    }))
    if (!shown.length && menu.matches(":popover-open")) menu.hidePopover()
    else if (had) menu.querySelector("button")?.focus()
  }

  function choose(parent, text, chosen) {
    element("button", "choice", parent, text).addEventListener("click", () => {
      order = [...order, ...chosen]
      draw()
      send()
    })
  }

  menu.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return
    const near = add.getBoundingClientRect(), above = near.top > window.innerHeight - near.bottom
    menu.style.left = `${near.left}px`
    menu.style.top = above ? "auto" : `${near.bottom + NOTE_APART}px`
    menu.style.bottom = above ? `${window.innerHeight - near.top + NOTE_APART}px` : "auto"
    menu.style.maxHeight = `${(above ? near.top : window.innerHeight - near.bottom) - 3 * NOTE_APART}px`
  })

  mask.addEventListener("change", () => {
    faded = mask.checked
    paint()
    send()
  })

  // -- the cell that is pointed at --------------------------------------------------------------------------------

  function sentence([r, i]) {
    const { track, row } = layout.rows[r], text = track.texts[row.codes[i]]
    const step = `step ${(model.first + i).toLocaleString("en")}`
    const { heat, total } = known(), on = total ? [`${heat[i]} of ${total} selected states on`] : []
    const word = model.words[i].trim() ? model.words[i] : JSON.stringify(model.words[i])
    return [word, step, value(track, row, i, text), ...on].join(" · ")
  }

  function value(track, row, i, text) {
    if (track.look !== "predictions") return `${track.title}: ${text ?? "nothing"}`
    const rank = `${track.title} ${track.rows.indexOf(row) + 1}`
    const weight = text && row.weights[i] ? `, ${row.weights[i]}` : ""
    return `${rank}: ${text ?? "nothing"}${weight}${row.true.includes(i) ? ", which comes next" : ""}`
  }

  function point(next) {
    current = next && next[0] < layout.rows.length && next[1] < count() ? next : null
    frame.hidden = column.hidden = !current
    if (!current) {
      if (tip.matches(":popover-open")) tip.hidePopover()
      return
    }
    const { top, height } = layout.rows[current[0]], x = model.gutter + current[1] * model.cell
    frame.style.transform = `translate(${x}px, ${top}px)`
    frame.style.height = `${height + 2}px`
    column.style.transform = `translateX(${x}px)`
    tip.textContent = sentence(current)
    if (!tip.matches(":popover-open")) tip.showPopover()
    // Below all rows, so that none of the column is hidden.
    const { x: left, width } = frame.getBoundingClientRect(), all = board.getBoundingClientRect()
    placeNote(tip, new DOMRect(left, all.top, width, all.height))
  }

  function under(event) {
    const { left, top } = cells.getBoundingClientRect()
    const y = event.clientY - top, i = Math.floor((event.clientX - left) / model.cell)
    const r = layout.rows.findIndex((placed) => y >= placed.top && y < placed.top + placed.height)
    return r < 0 || i < 0 || i >= count() ? null : [r, i]
  }

  cells.addEventListener("pointermove", (event) => {
    inside = true
    point(under(event))
  })
  cells.addEventListener("pointerleave", () => {
    inside = false
    point(null)
  })
  cells.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown ArrowLeft ArrowRight Home End Escape")
  cells.addEventListener("keydown", (event) => {
    const [r, i] = active
    const moves = {
      ArrowUp: [r - 1, i], ArrowDown: [r + 1, i], ArrowLeft: [r, i - 1], ArrowRight: [r, i + 1],
      Home: [r, 0], End: [r, count() - 1],
    }
    if (event.key === "Escape") point(null)
    else if (moves[event.key]) walk(moves[event.key])
    else return
    event.preventDefault()
    event.stopPropagation()
  })
  cells.addEventListener("focus", () => { if (!inside && cells.matches(":focus-visible")) walk(active) })
  cells.addEventListener("blur", () => { if (!inside) point(null) })

  function takeFocus() {
    const part = [cells, add].find((each) => each.checkVisibility())
    part?.focus()
    return Boolean(part)
  }

  function walk([r, i]) {
    active = [limited(r, layout.rows.length - 1), limited(i, count() - 1)]
    point(active)
  }

  // -- from the server --------------------------------------------------------------------------------------------

  function adopt() {
    if (names.dragging() || !outbox.idle()) return    // the hand is ahead of this echo
    order = model.tracks.map(({ name }) => name)
    faded = model.mask
  }

  const redraw = oncePerFrame(() => { adopt(); draw() })
  const repaint = oncePerFrame(() => { paint(); if (current) point(current) })
  model.on(["tracks", "addable", "mask", "words", "first", "edges", "cell", "seen"], redraw)
  model.on(["heat", "total"], repaint)
  const scrolled = () => {
    point(null)
    if (menu.matches(":popover-open")) menu.hidePopover()
  }
  window.addEventListener("scroll", scrolled, { passive: true, capture: true })
  onAction(model, view, { [model.action]: takeFocus })
  adopt()
  draw()
  // Fonts and colours of the page are known once it is laid out.
  const sizes = new ResizeObserver(oncePerFrame(() => {
    deafen ??= hear(columnsAround(view), PREVIEW, (said) => { ahead = said; paint() })
    draw()
  }))
  sizes.observe(root)
  model.on("remove", () => {
    sizes.disconnect()
    deafen?.()
    window.removeEventListener("scroll", scrolled, { capture: true })
  })
  return root
}
