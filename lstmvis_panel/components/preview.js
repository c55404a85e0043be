// A drag of the threshold or of the brush, drawn without asking the server: which states it selects, and where they are
// on. The server has computed what that takes; here it is only compared.

// What both drags draw: lines of states.
function linesOf({ states, drawn, alone }) {
  const numbers = new Int32Array(states), values = new Float32Array(drawn)
  const around = numbers.length ? values.length / numbers.length : 2

  // A state that is shown alone leaves the others out, where it is among them.
  function without(chosen) {
    const one = chosen.filter((i) => numbers[i] === alone)
    return one.length ? one : chosen
  }

  // The lines of the chosen ones, in a plot of so many px that shows the values from low to high.
  function stroke(pen, chosen, { across, extent, low, high }) {
    const cell = across / (around - 2), scale = extent / (high - low)
    pen.beginPath()
    for (const i of chosen) {
      let down = false
      for (let j = 0, at = i * around; j < around; j++, at++) {
        const value = values[at]
        if (Number.isNaN(value)) { down = false; continue }
        const x = (j - 0.5) * cell, y = (high - value) * scale
        if (down) pen.lineTo(x, y)
        else pen.moveTo(x, y)
        down = true
      }
    }
    pen.stroke()
  }

  return { count: numbers.length, shown: around - 2, without, stroke, numbers: (chosen) => chosen.map((i) => numbers[i]) }
}

function thresholdPreview(sent) {
  const lines = linesOf(sent), { count, shown } = lines
  const low = new Float64Array(sent.above), high = new Float64Array(sent.upto), ends = new Float64Array(sent.reaches)

  // Which of the states a threshold selects, as places in what was sent.
  function selected(threshold) {
    const chosen = []
    for (let i = 0; i < count; i++) if (threshold > low[i] && threshold <= high[i]) chosen.push(i)
    return lines.without(chosen)
  }

  // How many of them are on at each step shown.
  function heat(chosen, threshold) {
    const counts = new Array(shown).fill(0)
    for (const i of chosen) {
      for (let step = 0, at = i * shown; step < shown; step++, at++) if (threshold <= ends[at]) counts[step]++
    }
    return counts
  }

  return { ...lines, selection: sent.selection, first: sent.first, selected, heat }
}

function brushPreview(sent) {
  const lines = linesOf(sent), { count, shown } = lines, { begin, first, follows } = sent
  const always = new Uint8Array(sent.always), isOn = new Uint8Array(sent.is_on), edges = new Int32Array(sent.edges)
  const steps = count ? isOn.length / count : shown, end = begin + steps

  // The document that a step is in, as far as it is known.
  function documentAt(step) {
    let low = -Infinity, high = Infinity
    for (const edge of edges) {
      if (edge <= step) low = edge
      else { high = edge; break }
    }
    return [low, high]
  }

  // Whether all steps that decide about a selection were sent.
  function knows({ range, left, right }) {
    if (!range || !count) return true
    const [low, high] = documentAt(range[0])
    return range[0] >= begin && Math.max(range[0] - left, low) >= begin
      && range[1] <= end && Math.min(range[1] + right, high) <= end
  }

  // As `select_states`: on in every step of the selection, off beside it, where the document goes on.
  function selected({ range, left, right }) {
    const chosen = [], [low, high] = range ? documentAt(range[0]) : [0, 0]
    const refused = !range || !follows || range[1] > high
    const from = range && Math.max(range[0] - left, low, begin), to = range && Math.min(range[1] + right, high, end)
    for (let i = 0; i < count; i++) {
      let fits = !refused
      for (let step = from, at = i * steps - begin; fits && step < to; step++) {
        fits = isOn[at + step] === Number(step >= range[0] && step < range[1])
      }
      if (fits || always[i]) chosen.push(i)
    }
    return lines.without(chosen)
  }

  function heat(chosen) {
    const counts = new Array(shown).fill(0)
    for (const i of chosen) {
      for (let step = 0, at = i * steps + first - begin; step < shown; step++, at++) counts[step] += isOn[at]
    }
    return counts
  }

  return { ...lines, first, knows, selected, heat }
}

// -- between plots, words and tracks ------------------------------------------------------------------------------------

// What stands around all that shows the same steps.
function columnsAround(view) {
  let around = view.el
  while (around && !around.classList.contains("lv-columns")) around = around.parentElement ?? around.getRootNode().host
  return around ?? view.el
}

// What is dispatched goes up to what stands around all of them.
function tell(element, name, said) {
  element.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail: said }))
}

// Call `heard` with what is told under a name; returns what ends that.
function hear(columns, name, heard) {
  const listen = (event) => heard(event.detail)
  columns.addEventListener(name, listen)
  return () => columns.removeEventListener(name, listen)
}

// A plot tells the counts and the number of states during a drag, null at its end.
const PREVIEW = "lv-preview"

// The words tell where the brush is, `{ range, left, right }`, null at the end of a drag. Before, they ask: with `ask`
// for what a drag takes, with `can`, a list, whether each plot could draw that place.
const BRUSH = "lv-brush"

// A plot tells that what it could draw of a brush no longer holds.
const LOST = "lv-lost"
