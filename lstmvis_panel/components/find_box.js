// A box to type in, with what was found beneath it. The list opens over the page and stays while the focus is in the box,
// until a row is chosen; Enter without a row goes from hit to hit and leaves it open.

const NEAR_END = 200

export function render({ model, view }) {
  const id = `list-${model.id ?? Math.random().toString(36).slice(2)}`
  const input = make("input", { type: "text", autocomplete: "off", spellcheck: false })
  const count = make("span", { className: "count" })
  const [back, forward] = model.stepping.map((words, i) => make("button", { type: "button", textContent: "▴▾"[i], title: words, ariaLabel: words }))
  const what = make("span", { className: "what", textContent: model.label.toLowerCase(), ariaHidden: "true" })
  const root = make("div", { className: "find" }, input, what, make("div", { className: "steps" }, count, back, forward))
  const note = make("p", { className: "note", role: "status" })
  const rows = make("ul", { role: "listbox", id, ariaLabel: model.label })
  const list = make("div", { className: model.taking ? "list" : "list narrow", popover: "manual" }, note, rows)
  root.append(list)
  for (const [name, value] of Object.entries({ role: "combobox", "aria-label": model.label, "aria-controls": id, "aria-autocomplete": "list", "aria-expanded": "false" })) {
    input.setAttribute(name, value)
  }
  input.placeholder = model.hint

  let active = -1, asked = 0
  const isTyped = () => root.getRootNode().activeElement === input
  const inside = () => isTyped() || list.matches(":focus-within")
  const isOpen = () => list.matches(":popover-open")

  function open(wanted) {
    if (wanted === isOpen()) return
    wanted ? list.showPopover() : list.hidePopover()
    input.setAttribute("aria-expanded", String(wanted))
    if (wanted) beneath(root, list)
    else choose(-1)
  }

  const worthShowing = () => model.note || model.rows.length

  // What another hand has searched for: an address, a step back.
  function write() {
    if (!model.resting && !isTyped()) input.value = model.text
  }

  // What stands in the box of itself; it says on hover what there is no room for.
  function rest() {
    if (!model.resting) return
    root.classList.toggle("resting", !isTyped())
    if (!isTyped()) input.value = model.resting
    input.title = `${model.label} ${model.resting}`
  }

  function drawRows(from) {
    if (!from) rows.replaceChildren()
    for (const [i, { number, before, words, after }] of [...model.rows.entries()].slice(from)) {
      const rest = make("span", { className: "rest" }, make("b", { textContent: words }), make("span", { textContent: after }))
      const row = make("li", { className: "row", role: "option", id: `${id}-${i}` },
        make("span", { className: "number", textContent: number }), make("span", { className: "before" }, make("span", { textContent: before })), rest)
      row.dataset.row = i
      // No button: an option may hold none. Who can't see it is told of the key.
      if (model.taking) {
        row.append(make("span", { className: "take", textContent: model.taking, title: "Shift+Enter", ariaHidden: "true" }))
        row.setAttribute("aria-keyshortcuts", "Enter Shift+Enter")
      }
      rows.append(row)
    }
    mark()
  }

  // More of the same hits are more rows; the ones that are there stay as they are.
  let drawn = []
  function draw() {
    const same = drawn.length && drawn.length < model.rows.length && drawn.every(({ number, words }, i) => number === model.rows[i].number && words === model.rows[i].words)
    drawRows(same ? drawn.length : 0)
    if (!same) choose(-1)
    drawn = model.rows
    asked = 0
    say()
  }

  function say() {
    note.textContent = model.note
    note.classList.toggle("wrong", model.wrong)
    root.classList.toggle("busy", model.busy)
    input.setAttribute("aria-invalid", String(model.wrong))
    if (!model.resting) {
      root.classList.toggle("found", model.total > 0)
      count.textContent = model.total ? `${model.at < 0 ? "–" : (model.at + 1).toLocaleString("en")} / ${model.total.toLocaleString("en")}` : ""
      back.disabled = forward.disabled = !model.total
    }
    if (inside()) open(Boolean(worthShowing()))
  }

  function mark() {
    for (const row of rows.children) {
      row.classList.toggle("here", Number(row.dataset.row) === model.at)
      row.classList.toggle("active", Number(row.dataset.row) === active)
      row.setAttribute("aria-selected", String(Number(row.dataset.row) === active))
    }
    active < 0 ? input.removeAttribute("aria-activedescendant") : input.setAttribute("aria-activedescendant", `${id}-${active}`)
  }

  function choose(row) {
    active = Math.max(-1, Math.min(row, model.rows.length - 1))
    mark()
    rows.children[active]?.scrollIntoView({ block: "nearest" })
    more()
  }

  function more() {
    const ahead = rows.scrollHeight - rows.scrollTop - rows.clientHeight
    if (!isOpen() || ahead > NEAR_END || model.rows.length >= model.total || asked === model.rows.length) return
    asked = model.rows.length
    model.send_msg({ more: asked })
  }

  function take(row, also = false) {
    model.send_msg({ chosen: row, take: also })
    root.getRootNode().activeElement?.blur()    // what was chosen is looked at, and n leads on
  }

  // Each letter is asked for at once; the newest waits while an older one is on its way, so that typing never floods.
  const outbox = latestOnly(model)
  const send = () => outbox({ typed: input.value })
  input.addEventListener("input", send)
  input.addEventListener("focus", () => {
    if (model.resting) { input.value = ""; rest(); send() }
    else input.select()
    if (worthShowing()) open(true)
  })
  input.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key]
    if (by) { open(Boolean(worthShowing())); choose(active + by) }
    else if (event.key === "Enter") active < 0 ? model.send_msg({ entered: input.value, back: event.shiftKey }) : take(active, event.shiftKey)
    else if (event.key === "Escape" && isOpen()) open(false)
    else if (event.key === "Escape") input.blur()
    else return
    event.preventDefault()
  })
  // The focus stays in the box, so that the list stays too.
  list.addEventListener("pointerdown", (event) => event.preventDefault())
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".row")
    if (row) take(Number(row.dataset.row), Boolean(event.target.closest(".take")))
  })
  rows.addEventListener("scroll", more)
  root.addEventListener("focusout", () => setTimeout(() => { if (!inside()) { open(false); rest() } }))
  for (const [button, step] of [[back, -1], [forward, 1]]) button.addEventListener("click", () => model.send_msg({ step }))

  const [type, next, previous] = model.actions
  onAction(model, view, { [type]: () => input.focus(), [next]: () => model.send_msg({ step: 1 }), [previous]: () => model.send_msg({ step: -1 }) })
  const unkept = keptBeneath(root, list)
  model.on("remove", unkept)
  model.on("rows", draw)
  model.on(["note", "wrong", "busy", "total", "at"], () => { say(); mark() })
  model.on("resting", rest)
  model.on("text", write)
  write()
  rest()
  draw()
  return root
}
