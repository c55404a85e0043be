// Names of the tracks left of their cells. A name is dragged, or moved by arrow keys, to another place; a cross removes the
// track. What its colours mean stands in a note beside the name that is pointed at or focused.

const GRABBED = 4, TRACK_HINT = "Drag or ↑ ↓ to move, Delete to remove."

// The labels of all tracks in `parent`. `order` is what is drawn, from the top; `change(names)` is told of a new one, and
// `preview(names)` of one that may yet be given up.
function trackLabels(parent, note, { order, change, preview }) {
  parent.setAttribute("role", "list")
  parent.setAttribute("aria-label", "Tracks")
  const made = new Map()                    // track elements by name
  let held = null                           // name that is dragged, and the order before

  function draw({ rows }, tracks) {
    const focused = parent.getRootNode().activeElement?.closest?.(".track")?.dataset.name
    const names = new Set(tracks.map(({ name }) => name))
    for (const [name, track] of made) if (!names.has(name)) { track.remove(); made.delete(name) }
    tracks.forEach((track, number) => {
      const own = rows.filter((placed) => placed.number === number)
      if (!made.has(track.name)) made.set(track.name, labelled(track.name))
      const box = made.get(track.name)
      if (parent.children[number] !== box) parent.insertBefore(box, parent.children[number] ?? null)
      fill(box, track, own, number, tracks.length)
    })
    if (focused && made.has(focused) && !made.get(focused).contains(parent.getRootNode().activeElement)) nameOf(focused).focus()
  }

  const nameOf = (name) => made.get(name).querySelector(".name")

  function labelled(name) {
    const box = element("div", "track")
    box.dataset.name = name
    box.setAttribute("role", "listitem")
    const button = element("button", "name", box), remove = element("button", "remove", box, "×")
    button.addEventListener("pointerdown", (event) => grab(event, name))
    button.addEventListener("keydown", (event) => keyed(event, name))
    button.addEventListener("pointerenter", () => explain(name))
    button.addEventListener("pointerleave", note.hide)
    button.addEventListener("focus", () => { if (button.matches(":focus-visible")) explain(name) })
    button.addEventListener("blur", note.hide)
    remove.addEventListener("click", () => take(name))
    return box
  }

  function fill(box, track, rows, number, count) {
    box.track = track
    box.style.top = `${rows[0].top}px`
    box.style.setProperty("--row", `${rows[0].height}px`)
    box.style.height = `${rows.length * rows[0].height}px`
    box.classList.toggle("slim", track.look === "flags")
    box.classList.toggle("dragged", held?.name === track.name && held.moved)
    const button = nameOf(track.name), [first, ...others] = rows
    const label = element("span", "text", null, first.row.label)
    const lines = others.map(({ row }) => element("span", "rank", null, row.label))
    if (track.look === "numbers") lines.push(element("span", "range", null, track.ends.join(" – ")))
    button.replaceChildren(label, ...lines)
    button.setAttribute("aria-label", `${track.title}, track ${number + 1} of ${count}`)
    button.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown Delete Escape")
    box.querySelector(".remove").setAttribute("aria-label", `Remove ${track.title}`)
    for (const line of button.children) {
      const { fontSize, fontFamily } = getComputedStyle(line)
      const scale = squeezed(line.textContent, button.clientWidth, `${fontSize} ${fontFamily}`)
      line.style.transform = scale < 1 ? `scaleX(${scale})` : ""
    }
  }

  function explain(name) {
    if (held?.moved || !made.has(name)) return
    note.show({ ...made.get(name).track, hint: TRACK_HINT }, nameOf(name).getBoundingClientRect())
  }

  function take(name) {
    const names = order(), at = names.indexOf(name), rest = names.filter((other) => other !== name)
    note.hide()
    change(rest)
    if (rest.length) made.get(rest[Math.min(at, rest.length - 1)])?.querySelector(".remove").focus()
  }

  function moved(names, name, to) {
    const rest = names.filter((other) => other !== name)
    rest.splice(Math.max(0, Math.min(to, rest.length)), 0, name)
    return rest
  }

  function keyed(event, name) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    if (by) {
      change(moved(order(), name, order().indexOf(name) + by))
      note.hide()                                // it would hide where the track went
    } else if (event.key === "Delete" || event.key === "Backspace") take(name)
    else if (event.key === "Escape") { note.hide(); drop(false) }
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // -- dragging: the tracks make way at once, the server hears of it in the end --------------------------------------

  function grab(event, name) {
    if (event.button !== 0) return
    held = { name, y: event.clientY, before: order(), moved: false }
    parent.setPointerCapture(event.pointerId)
  }

  parent.addEventListener("pointermove", (event) => {
    if (!held) return
    held.moved ||= Math.abs(event.clientY - held.y) > GRABBED
    if (!held.moved) return
    parent.setAttribute("aria-keyshortcuts", "Escape")    // gives the drag up, and clears nothing
    note.hide()
    const y = event.clientY - parent.getBoundingClientRect().top
    const others = order().filter((name) => name !== held.name)
    // Above the middle of a track is before it. Where they stand now is what counts, so that they never flicker.
    const to = others.filter((name) => middleOf(name) < y).length
    preview(moved(order(), held.name, to))
  })
  const middleOf = (name) => made.has(name) ? made.get(name).offsetTop + made.get(name).offsetHeight / 2 : Infinity
  parent.addEventListener("pointerup", () => drop(true))
  parent.addEventListener("pointercancel", () => drop(false))

  function drop(kept) {
    if (!held) return
    const { before, moved: dragged } = held
    held = null
    parent.removeAttribute("aria-keyshortcuts")
    if (dragged && kept) change(order())
    else if (dragged) preview(before)
  }

  return { draw, dragging: () => held !== null && held.moved }
}
