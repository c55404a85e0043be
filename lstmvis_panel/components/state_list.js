// The numbers of the selected states. Hovering one lights its line, a lit line marks its number; a click shows a state
// alone, its pin keeps it in the list, its cross removes it, the field below adds one. One set of listeners for all, and
// boxes that are used again: hundreds of states are as quick as ten.

export function render({ model, view }) {
  const root = document.createElement("div")
  root.className = "states-box"
  root.innerHTML = `
    <ul class="states" role="listbox" aria-label="Selected states"></ul>
    <p class="advice"></p>
    <form class="adding">
      <input class="number" type="number" min="0" step="1" required placeholder="state" aria-label="State to add">
      <button type="submit" aria-label="Add the state" title="Add the state to the list">+</button>
    </form>`
  const [list, advice, form] = root.children
  const field = form.querySelector("input")
  const outbox = latestOnly(model)
  const number = (item) => Number(item.dataset.state)
  const itemOf = (event) => event.target.closest("li")
  const light = (state) => { if (model.highlighted !== state) model.highlighted = state }

  const part = (name) => Object.assign(document.createElement("span"), { className: name })

  const focused = () => [...list.children].find((item) => item === root.getRootNode().activeElement)

  function draw() {
    const { states, remarks } = model
    while (list.children.length > states.length) list.lastChild.remove()
    while (list.children.length < states.length) {
      const item = document.createElement("li")
      item.setAttribute("role", "option")
      item.append("", part("pin"), part("cross"))
      list.append(item)
    }
    states.forEach((state, i) => {
      const item = list.children[i]
      if (item.dataset.state !== String(state)) item.dataset.state = item.firstChild.data = String(state)
      if (item.title !== remarks[i]) item.title = remarks[i] ?? ""
      item.classList.toggle("kept", model.kept.includes(state))
    })
    list.hidden = !states.length
    advice.hidden = Boolean(states.length)
    advice.textContent = model.advice
    field.max = model.count - 1
    const item = focused()
    if (item) light(number(item))      // another number may have come into the box
    mark()
  }

  function mark() {
    const first = focused() ?? list.firstChild
    const alone = model.states.includes(model.alone) ? model.alone : null
    for (const item of list.children) {
      const state = number(item)
      item.classList.toggle("lit", state === model.highlighted)
      item.classList.toggle("left-out", alone !== null && state !== alone)
      item.setAttribute("aria-selected", alone === null || state === alone)
      item.tabIndex = item === first ? 0 : -1
    }
  }

  // Arrows up and down go to the box that stands nearest in the next row.
  function below(item, way) {
    const rows = [...list.children].filter((other) => way * (other.offsetTop - item.offsetTop) > 4)
    const next = Math.min(...rows.map((other) => way * other.offsetTop))
    const row = rows.filter((other) => way * other.offsetTop === next)
    const off = (other) => Math.abs(other.offsetLeft - item.offsetLeft)
    return row.sort((a, b) => off(a) - off(b))[0]
  }

  function follow(item) {
    const goes = {
      ArrowLeft: (i) => i.previousElementSibling, ArrowRight: (i) => i.nextElementSibling,
      ArrowUp: (i) => below(i, -1), ArrowDown: (i) => below(i, 1), Home: () => list.firstChild, End: () => list.lastChild,
    }
    return goes[item]
  }

  list.addEventListener("pointerover", (event) => { const item = itemOf(event); if (item) light(number(item)) })
  list.addEventListener("pointerleave", () => light(null))
  list.addEventListener("focusin", (event) => { const item = itemOf(event); if (item) { light(number(item)); mark() } })
  list.addEventListener("focusout", () => light(null))
  list.addEventListener("click", (event) => {
    const item = itemOf(event)
    if (item) outbox({ [{ cross: "remove", pin: "pin" }[event.target.className] ?? "alone"]: number(item) })
  })
  list.setAttribute("aria-keyshortcuts", "ArrowUp ArrowDown ArrowLeft ArrowRight Home End Enter k Delete Backspace")
  list.addEventListener("keydown", (event) => {
    const item = itemOf(event), go = follow(event.key)
    if (!item) return
    if (go) go(item)?.focus()
    else if (event.key === "Enter" || event.key === " ") outbox({ alone: number(item) })
    else if (event.key === "k") outbox({ pin: number(item) })
    else if (event.key === "Delete" || event.key === "Backspace") {
      // The box stays, with the next number in it; of the last one the focus goes back.
      if (!item.nextElementSibling) item.previousElementSibling?.focus()
      outbox({ remove: number(item) })
    } else return
    event.preventDefault()
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    outbox({ add: Number(field.value) })
    field.value = ""
  })

  onAction(model, view, { [model.action]: () => (list.querySelector("[tabindex='0']") ?? field).focus() })
  model.on(["states", "remarks", "alone", "kept", "count", "advice"], oncePerFrame(draw))
  model.on("highlighted", mark)
  draw()
  return root
}
