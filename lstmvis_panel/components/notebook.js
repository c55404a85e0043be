// Shared by the components: what it takes to be at home in a cell of a notebook. On a page of its own it changes nothing.

// JupyterLab (4.3 to 4.6) takes the Enter that ends typing for a line break in a cell, and stops it. It listens outside
// of what is shown in the cell; no line break is heard there now.
function keepEnter(element) {
  let root = element.getRootNode(), outermost = null
  for (; root instanceof ShadowRoot; root = root.host.getRootNode()) outermost = root
  outermost?.addEventListener("beforeinput", (event) => {
    if (event.inputType === "insertLineBreak") event.stopPropagation()
  })
}

// Panel (1.9.4) sends back to the kernel whatever the kernel has just set: old news by then, which may undo newer, and
// in part nothing that Bokeh can read again. Its server pages know better, by the same sign.
function dropEchoes(document) {
  for (const manager of document.roots()) {
    if (!manager.type.endsWith(".CommManager")) continue
    const changed = manager._document_changed
    manager._document_changed = (event) => { if (event.sync !== false) changed.call(manager, event) }
  }
}
