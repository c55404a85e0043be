// A head per heatmap, as wide as it. What is moved or removed moves at once; the server learns of the new order. All that its
// colours mean stands in a note beside the head that is pointed at or focused.

const FROM = 4                             // px that the pointer moves before it drags
const HINT = "Drag aside or ← → to move, Delete to remove."

function part(name, parent, tag = "div") {
  const element = document.createElement(tag)
  element.className = name
  parent.append(element)
  return element
}

export function render({ model }) {
  const root = document.createElement("div")
  root.className = "heads"
  root.setAttribute("role", "group")
  root.setAttribute("aria-label", "Heatmaps")
  const note = legendNote(root)
  const heads = new Map()                  // by name; kept, so that what has the focus keeps it
  let order = [], dragged = null
  const outbox = latestOnly(model)
  const previous = arrow("previous", "‹", -1), next = arrow("next", "›", 1)

  // The bar that scrolls the heatmaps lies below the last row, where nobody looks for it.
  function arrow(name, sign, by) {
    const button = part(`go ${name}`, root, "button")
    button.textContent = sign
    button.title = by < 0 ? "Heatmaps further left" : "Heatmaps further right"
    button.setAttribute("aria-label", button.title)
    button.addEventListener("click", () => scroller().scrollBy({ left: by * (model.each + model.gap) }))
    return button
  }

  function scroller() {
    let box = root
    while (box && !["auto", "scroll"].includes(getComputedStyle(box).overflowX)) box = box.parentElement ?? box.getRootNode().host
    return box ?? document.scrollingElement
  }

  function drawArrows() {
    const { scrollLeft, scrollWidth, clientWidth } = scroller()
    previous.hidden = scrollLeft < 1
    next.hidden = scrollLeft + clientWidth > scrollWidth - 1
  }

  function build(name) {
    const head = part("head", root)
    root.append(previous, next)
    const line = part("line", head), grip = part("name", line, "button"), remove = part("remove", line, "button")
    remove.textContent = "×"
    const legend = part("legend", head)
    grip.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight Delete Escape")
    grip.addEventListener("keydown", (event) => keyed(event, name))
    grip.addEventListener("pointerdown", (event) => { if (event.button === 0) lift(event, name) })
    grip.addEventListener("focus", () => { if (grip.matches(":focus-visible")) explain(name) })
    grip.addEventListener("blur", note.hide)
    for (const pointed of [grip, legend]) {
      pointed.addEventListener("pointerenter", () => explain(name))
      pointed.addEventListener("pointerleave", note.hide)
    }
    remove.addEventListener("click", () => drop(name))
    return { head, grip, remove, legend }
  }

  function keyed(event, name) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (event.key !== "Escape" && event.key !== "Delete" && !by) return
    event.preventDefault()
    note.hide()                            // it would hide where the heatmap went
    if (by) move(name, order.indexOf(name) + by)
    else if (event.key === "Delete") drop(name)
  }

  function explain(name) {
    const { head, grip } = heads.get(name), { left } = grip.getBoundingClientRect(), { top, height } = head.getBoundingClientRect()
    if (!dragged) note.show({ ...head.said, hint: HINT }, new DOMRect(left, top, 0, height))
  }

  function label(name, said) {
    const { head, grip, remove, legend: keys } = heads.get(name), { title } = said
    head.said = said
    grip.textContent = title
    grip.setAttribute("aria-label", `${title}, heatmap ${order.indexOf(name) + 1} of ${order.length}`)
    const texts = said.legend.map(([, text]) => text).join(", ")
    grip.setAttribute("aria-description", `Colours of ${texts}. Left and right arrow move it, Delete removes it.`)
    remove.title = `Remove ${title}`
    remove.setAttribute("aria-label", `Remove the heatmap ${title}`)
    keys.replaceChildren(...keysOf(said))
    head.style.width = `${model.each}px`
    head.style.marginRight = order.at(-1) === name ? "0" : `${model.gap}px`
  }

  function draw() {
    if (dragged) return
    const said = new Map(model.heads.map((head) => [head.name, head]))
    order = [...said.keys()]
    for (const [name, { head }] of heads) if (!said.has(name)) {
      head.remove()
      heads.delete(name)
    }
    for (const name of order) if (!heads.has(name)) heads.set(name, build(name))
    arrange()
    for (const [name, head] of said) label(name, head)
    drawArrows()
  }

  // Moved in the page, an element would lose the focus.
  function arrange() {
    const focused = root.getRootNode().activeElement
    for (const name of order) {
      const { head } = heads.get(name)
      head.style.transform = ""
      head.classList.remove("dragged")
      root.insertBefore(head, previous)
    }
    if (focused && root.contains(focused)) focused.focus()
  }

  function say() {
    arrange()
    outbox({ order })
  }

  function move(name, to) {
    if (to < 0 || to >= order.length) return
    order = order.filter((other) => other !== name)
    order.splice(to, 0, name)
    say()
  }

  function drop(name) {
    const neighbour = order[order.indexOf(name) + 1] ?? order[order.indexOf(name) - 1]
    order = order.filter((other) => other !== name)
    heads.get(neighbour)?.grip.focus()
    heads.get(name).head.remove()
    heads.delete(name)
    say()
  }

  // -- dragging ---------------------------------------------------------------------------------------------------

  function lift(event, name) {
    const { head, grip } = heads.get(name), from = order.indexOf(name), start = event.clientX, step = model.each + model.gap
    let to = from
    const moved = ({ clientX }) => {
      const by = clientX - start
      if (!dragged && Math.abs(by) < FROM) return
      dragged = name
      note.hide()
      head.classList.add("dragged")
      head.style.transform = `translateX(${by}px)`
      to = Math.max(0, Math.min(order.length - 1, from + Math.round(by / step)))
      order.forEach((other, at) => {
        if (other === name) return
        const shift = at > from && at <= to ? -step : at < from && at >= to ? step : 0
        heads.get(other).head.style.transform = `translateX(${shift}px)`
      })
    }
    const ended = (finish) => {
      grip.removeEventListener("pointermove", moved)
      const lifted = dragged
      dragged = null
      if (lifted && finish.type === "pointerup" && to !== from) move(name, to)
      else if (lifted) draw()
    }
    grip.setPointerCapture(event.pointerId)
    grip.addEventListener("pointermove", moved)
    grip.addEventListener("pointerup", ended, { once: true })
    grip.addEventListener("pointercancel", ended, { once: true })
  }

  model.on(["heads", "each", "gap"], oncePerFrame(draw))
  draw()
  // Only once it is in the page does it know what scrolls it.
  let watched = null
  const rest = oncePerFrame(drawArrows)
  const sizes = new ResizeObserver(() => {
    const box = scroller()
    if (box !== watched) {
      watched?.removeEventListener("scroll", rest)
      watched = box
      box.addEventListener("scroll", rest, { passive: true })
      sizes.observe(box)
    }
    rest()
  })
  sizes.observe(root)
  model.on("remove", () => {
    sizes.disconnect()
    watched?.removeEventListener("scroll", rest)
  })
  return root
}
