// A number that is typed, or stepped by the arrow keys. The browser's own field, with a name that can be read out: Bokeh's
// spinner has none, nor have its two buttons.

export function render({ model, view }) {
  const root = document.createElement("label")
  root.className = "number"
  const name = root.appendChild(document.createElement("span"))
  const field = root.appendChild(document.createElement("input"))
  field.type = "number"
  field.step = "any"
  field.autocomplete = "off"

  function show() {
    name.textContent = model.label
    field.style.width = `${model.wide}px`
    if (field !== root.getRootNode().activeElement || !field.dataset.typed) field.value = model.shown
  }

  // What was typed goes to the server as it is; it says what holds, and that is shown then.
  function send() {
    delete field.dataset.typed
    if (field.value !== model.shown) model.send_msg({ typed: field.value })
    field.value = model.shown
  }

  field.addEventListener("input", () => { field.dataset.typed = "yes" })
  field.addEventListener("change", send)
  field.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key]
    if (event.key === "Enter") send()
    if (event.key === "Escape") { delete field.dataset.typed; show() }
    if (!by) return
    event.preventDefault()
    delete field.dataset.typed
    model.send_msg({ by })
  })
  onAction(model, view, { [model.action]: () => { field.focus(); field.select() } })
  model.on(["label", "shown", "wide"], show)
  show()
  return root
}
