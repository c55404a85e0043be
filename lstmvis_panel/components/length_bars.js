// Histograms side by side with the same bars. A click on a bar chooses its lengths, a drag all from the one to the other;
// what is chosen already is given up. Other bars end a drag: what was pressed is there no longer. By keyboard: arrows go from bar to bar, with Shift they take in more, Enter chooses.

const WIDTH = 6, ROOM = 112, HEIGHT = 26, LEAST = 2   // px; a histogram has its room however many bars there are

export function render({ model, view }) {
  const root = document.createElement("div")
  root.className = "lengths"
  root.tabIndex = 0
  root.setAttribute("role", "group")
  const tip = document.createElement("div")
  tip.className = "tip"
  tip.setAttribute("role", "status")
  tip.popover = "manual"
  let from = null, to = null, pressed = false    // bars that are pointed at, or dragged over
  const outbox = latestOnly(model)
  const lengthsOf = (a, b) => [model.bars[Math.min(a, b)][0], model.bars[Math.max(a, b)][1]]
  const slotWidth = () => Math.min(WIDTH, ROOM / model.bars.length)
  const said = ([low, high]) => (low === high ? `length ${low}` : `lengths ${low} to ${high}`)
  const within = ([low, high], [least, most]) => low <= most && high >= least

  function draw() {
    root.replaceChildren(tip)
    root.hidden = !model.bars.length
    root.setAttribute("aria-label", "Lengths of the matches. Left and right arrow go from bar to bar, Enter shows only those.")
    if (!root.hidden) for (const { title, counts } of model.histograms) root.append(histogram(title, counts))
    mark()
  }

  function histogram(title, counts) {
    const figure = document.createElement("figure"), caption = document.createElement("figcaption")
    caption.textContent = title
    const bars = document.createElement("div"), most = Math.max(1, ...counts)
    bars.className = "bars"
    counts.forEach((count, at) => {
      const slot = document.createElement("div"), bar = document.createElement("i")
      slot.className = "slot"
      slot.dataset.bar = at
      bar.style.height = `${count && Math.max(LEAST, Math.round((count / most) * HEIGHT))}px`
      slot.append(bar)
      bars.append(slot)
    })
    const room = document.createElement("div"), ends = document.createElement("div")
    room.className = "room"
    room.style.setProperty("--slot", `${slotWidth()}px`)
    room.style.setProperty("--bars", `${counts.length * slotWidth()}px`)
    ends.className = "ends"
    const [shortest, longest] = [model.bars[0][0], model.bars.at(-1)[1]]
    ends.append(...[...new Set([shortest, longest])].map((length) => {
      const end = document.createElement("span")
      end.textContent = length.toLocaleString("en")
      return end
    }))
    room.append(bars, ends)
    figure.append(caption, room)
    return figure
  }

  function mark() {
    const pointed = from === null || !model.bars.length ? null : lengthsOf(from, to)
    root.querySelectorAll(".slot").forEach((slot) => {
      const bar = model.bars[slot.dataset.bar]
      slot.classList.toggle("out", model.chosen !== null && !within(bar, model.chosen))
      slot.classList.toggle("pointed", pointed !== null && within(bar, pointed))
    })
    if (!pointed) {
      if (tip.matches(":popover-open")) tip.hidePopover()
      return
    }
    const counted = model.histograms.map(({ counts, unit }) => {
      const sum = counts.slice(Math.min(from, to), Math.max(from, to) + 1).reduce((a, b) => a + b, 0)
      return `${sum.toLocaleString("en")} ${unit}`
    })
    tip.textContent = [said(pointed), ...counted].join(" · ")
    if (!tip.matches(":popover-open")) tip.showPopover()
    const { left, bottom } = root.querySelector(`[data-bar="${to}"]`).getBoundingClientRect(), { width } = tip.getBoundingClientRect()
    tip.style.left = `${Math.max(6, Math.min(left, window.innerWidth - width - 6))}px`
    tip.style.top = `${bottom + 6}px`
  }

  function point(a, b) {
    if (a === from && b === to) return
    from = a
    to = b
    mark()
  }

  function choose() {
    if (from === null) return
    const lengths = lengthsOf(from, to)
    outbox({ lengths: String(lengths) === String(model.chosen) ? null : lengths })
  }

  function under(event) {
    const [bars] = [...root.querySelectorAll(".bars")].sort((a, b) => distance(a, event) - distance(b, event))
    const { left } = bars.getBoundingClientRect()
    return Math.max(0, Math.min(model.bars.length - 1, Math.floor((event.clientX - left) / slotWidth())))
  }

  function distance(element, { clientX }) {
    const { left, right } = element.getBoundingClientRect()
    return Math.max(left - clientX, clientX - right, 0)
  }

  const onBars = (event) => event.composedPath().some((element) => element.className === "bars")
  root.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !onBars(event)) return
    pressed = true
    root.setPointerCapture(event.pointerId)
    point(under(event), under(event))
  })
  root.addEventListener("pointermove", (event) => {
    if (pressed) point(from, under(event))
    else if (onBars(event)) point(under(event), under(event))
    else point(null, null)
  })
  root.addEventListener("pointerup", () => {
    if (pressed) choose()
    pressed = false
  })
  root.addEventListener("pointercancel", () => { pressed = false })
  root.addEventListener("pointerleave", () => { if (!pressed) point(null, null) })
  root.addEventListener("focus", () => { if (root.matches(":focus-visible")) point(0, 0) })
  root.addEventListener("blur", () => point(null, null))
  root.setAttribute("aria-keyshortcuts", "ArrowLeft ArrowRight shift+ArrowLeft shift+ArrowRight Enter Escape")
  root.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key], last = model.bars.length - 1
    if (by) {
      const next = Math.max(0, Math.min(last, (to ?? 0) + by))
      point(event.shiftKey ? from ?? next : next, next)
    } else if (event.key === "Enter" || event.key === " ") choose()
    else if (event.key === "Escape") point(null, null)
    else return
    event.preventDefault()
  })

  model.on(["histograms", "bars"], oncePerFrame(() => {
    from = to = null
    pressed = false
    draw()
  }))
  model.on("chosen", mark)
  onAction(model, view, { [model.action]: () => (root.hidden ? false : root.focus()) })
  draw()
  return root
}
