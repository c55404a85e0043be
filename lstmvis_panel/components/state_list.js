// The numbers of the selected states. Hovering one lights its line; a lit line marks its number.

export function render({ model }) {
  const root = document.createElement("ul")
  root.className = "states"
  root.setAttribute("aria-label", "Selected states")
  const light = (state) => { if (model.highlighted !== state) model.highlighted = state }

  function draw() {
    root.replaceChildren(...model.states.map((state) => {
      const item = document.createElement("li")
      item.textContent = state
      item.dataset.state = state
      item.tabIndex = 0
      item.addEventListener("pointerenter", () => light(state))
      item.addEventListener("focus", () => light(state))
      item.addEventListener("blur", () => light(null))
      return item
    }))
    mark()
  }

  function mark() {
    for (const item of root.children) item.classList.toggle("lit", Number(item.dataset.state) === model.highlighted)
  }

  root.addEventListener("pointerleave", () => light(null))
  model.on("states", draw)
  model.on("highlighted", mark)
  draw()
  return root
}
