// A drag of the threshold, drawn without asking the server: which states each threshold selects, and where they are on.
// The server has computed up to which thresholds that is so; here they are only compared.

function previewOf({ states, above, upto, reaches, drawn }) {
  const numbers = new Int32Array(states), low = new Float64Array(above), high = new Float64Array(upto)
  const ends = new Float64Array(reaches), values = new Float32Array(drawn)
  const shown = numbers.length ? ends.length / numbers.length : 0, around = shown + 2

  // Which of the states a threshold selects, as places in what was sent.
  function selected(threshold) {
    const chosen = []
    for (let i = 0; i < numbers.length; i++) if (threshold > low[i] && threshold <= high[i]) chosen.push(i)
    return chosen
  }

  // How many of them are on at each step shown.
  function heat(chosen, threshold) {
    const counts = new Array(shown).fill(0)
    for (const i of chosen) {
      for (let step = 0, at = i * shown; step < shown; step++, at++) if (threshold <= ends[at]) counts[step]++
    }
    return counts
  }

  // The lines of the chosen ones, a step `cell` px wide, values turned into pixels by `toPixel`.
  function stroke(pen, chosen, cell, toPixel) {
    pen.beginPath()
    for (const i of chosen) {
      let down = false
      for (let j = 0, at = i * around; j < around; j++, at++) {
        const value = values[at]
        if (Number.isNaN(value)) { down = false; continue }
        const x = (j - 0.5) * cell, y = toPixel(value)
        if (down) pen.lineTo(x, y)
        else pen.moveTo(x, y)
        down = true
      }
    }
    pen.stroke()
  }

  return { shown, selected, heat, stroke, numbers: (chosen) => chosen.map((i) => numbers[i]) }
}

// Components beside and below hear of it: what is dispatched goes up to what stands around all of them.
function tellPreview(element, said) {
  element.dispatchEvent(new CustomEvent("lv-preview", { bubbles: true, composed: true, detail: said }))
}

// Call `heard` with the counts and the number of states while a threshold is dragged, with null at its end; returns what
// ends that.
function hearPreview(board, heard) {
  const listen = (event) => heard(event.detail)
  board.addEventListener("lv-preview", listen)
  return () => board.removeEventListener("lv-preview", listen)
}
