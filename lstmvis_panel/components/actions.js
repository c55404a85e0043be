// Shared by what keys reach, wherever on the page they are pressed. What the page does by itself needs no server.

// The outermost element of the app that an element is in: the page's, or the one in the cell of a notebook.
function appOf(element) {
  let root = element.getRootNode(), host = null
  for (; root instanceof ShadowRoot; root = root.host.getRootNode()) host = root.host
  return host ?? document.body
}

// Do something when the key of an action is pressed in this app. Where it answers false there is nothing to do it to, and
// the server is told instead.
function onAction(model, view, act) {
  const heard = (event) => {
    const { app, action } = event.detail
    if (event.defaultPrevented || app !== appOf(view.el) || !Object.hasOwn(act, action)) return
    if (act[action]() !== false) event.preventDefault()
  }
  window.addEventListener("lstmvis-action", heard)
  model.on("remove", () => window.removeEventListener("lstmvis-action", heard))
}

// Keys that are single characters can be switched off, for who speaks to the machine: words would press them.
const CHARACTERS = "lstmvis.characters"

// A browser may refuse to keep anything; then the switch holds on this page.
function kept(act) {
  try {
    return act(window.localStorage)
  } catch {
    return null
  }
}

function charactersAreOn() {
  return (window[CHARACTERS] ?? kept((storage) => storage.getItem(CHARACTERS))) !== "off"
}

function switchCharacters(on) {
  window[CHARACTERS] = on ? "on" : "off"
  kept((storage) => storage.setItem(CHARACTERS, window[CHARACTERS]))
}
