// Shared by what says which colours mean what: the keys of a legend, and a note that tells all of it.

const NOTE_APART = 6

function element(name, className, parent, text) {
  const made = document.createElement(name)
  made.className = className
  if (text !== undefined) made.textContent = text
  if (name === "button") made.type = "button"
  parent?.append(made)
  return made
}

// Where a note goes: below a box, or above where there is more room.
function placeNote(note, near) {
  const { width, height } = note.getBoundingClientRect(), below = near.bottom + NOTE_APART
  const fits = below + height + NOTE_APART <= window.innerHeight
  note.style.left = `${Math.max(NOTE_APART, Math.min(near.left, window.innerWidth - width - NOTE_APART))}px`
  note.style.top = `${Math.max(NOTE_APART, fits ? below : near.top - height - NOTE_APART)}px`
}

// The elements of a legend: a box and a text each, or both ends with a ramp between where the colours are `gradual`.
function keysOf({ legend, gradual, colours = legend.map(([colour]) => colour) }) {
  if (!legend.length) return []
  if (!gradual) return legend.map(([colour, text]) => {
    const key = element("span", "key", null, text), box = element("i", "")
    box.style.background = colour
    key.prepend(box)
    return key
  })
  const key = element("span", "key")
  element("span", "", key, legend[0][1])
  element("i", "ramp", key).style.background = `linear-gradient(90deg, ${colours.join(", ")})`
  element("span", "", key, legend.at(-1)[1])
  return [key]
}

// A note that tells what colours mean, beside what is pointed at or focused.
function legendNote(parent) {
  const note = element("div", "note", parent)
  note.popover = "manual"

  function hide() {
    if (note.matches(":popover-open")) note.hidePopover()
  }

  // `said` has a title, what it is about, the legend as for `keysOf`, and a hint.
  function show(said, near) {
    const list = element("div", "legend"), line = (text) => (text ? [element("p", "", null, text)] : [])
    list.append(...keysOf(said))
    const legend = said.legend.length ? [list] : []
    note.replaceChildren(element("b", "", null, said.title), ...line(said.about), ...legend, ...line(said.hint))
    if (!note.matches(":popover-open")) note.showPopover()
    placeNote(note, near)
  }

  return { show, hide }
}

// A legend in one line; where that is too short it ends in "more", which opens all of it.
function legendLine(parent, note) {
  const line = element("div", "keys", parent), more = element("button", "more", parent, "more")
  const open = () => note.show(said, more.getBoundingClientRect())
  let said = null
  more.setAttribute("aria-label", "All that the colours mean")
  more.setAttribute("aria-keyshortcuts", "Escape")
  for (const name of ["pointerenter", "focus", "click"]) more.addEventListener(name, open)
  for (const name of ["pointerleave", "blur"]) more.addEventListener(name, note.hide)
  more.addEventListener("keydown", (event) => { if (event.key === "Escape") note.hide() })

  function fit() {
    const parts = [...line.children]
    for (const part of [more, ...parts]) part.hidden = part === more
    if (line.scrollWidth <= line.clientWidth) return
    more.hidden = false
    const { right } = line.getBoundingClientRect()
    const cut = parts.filter((part) => part.getBoundingClientRect().right > right)
    for (const part of cut) part.hidden = true
  }

  // `next` is as for a note, nothing where there are no colours.
  function draw(next) {
    said = next.legend ? next : null
    note.hide()
    const about = said?.about ? [element("span", "key", null, said.about)] : []
    line.replaceChildren(...(said ? [element("b", "", null, said.title), ...keysOf(said), ...about] : []))
    fit()
  }

  return { draw, fit }
}
