// A button that stays pressed. Its sign keeps its place while it is not shown, so that nothing beside it moves.

export function render({ model }) {
  const button = document.createElement("button")
  button.type = "button"

  function show() {
    button.textContent = model.label
    button.title = model.about
    button.setAttribute("aria-pressed", model.pressed)
  }

  button.addEventListener("click", () => model.send_msg({}))
  model.on(["label", "about", "pressed"], show)
  show()
  return button
}
