// The wheel over the steps: with ctrl it zooms around the pointer, with shift, or sideways, it goes along them. Turns add up
// here, and the server gets where they lead to; once the wheel rests, the gesture has ended.

const RESTS_AFTER = 250, PX_A_TURN = 20, PX_A_LINE = 16

const wheelPx = (event, delta) => delta * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? PX_A_LINE : 1)

// `send`, as from `latestOnly`, takes what a turn leads to; the answer ends the watch.
function watchWheel(element, model, send) {
  let width = 0, first = 0, spare = 0, timer = null, last = null
  const clamp = (value, low, high) => Math.max(low, Math.min(high, value))

  function rest() {
    send.end({ ...last, done: true })
    timer = null
    spare = 0
  }

  function turned(event) {
    const px = (delta) => wheelPx(event, delta)
    const zooms = event.ctrlKey, along = event.shiftKey ? px(event.deltaY || event.deltaX) : px(event.deltaX)
    const sideways = event.shiftKey || Math.abs(event.deltaX) > 2 * Math.abs(event.deltaY)
    if (!zooms && !sideways) return
    event.preventDefault()
    if (timer && zooms !== "zoom" in last) rest()
    spare += zooms ? -px(event.deltaY) / PX_A_TURN : along / model.cell
    const whole = Math.trunc(spare)
    if (!whole) return
    spare -= whole
    if (send.idle()) [width, first] = [model.cell, model.first]    // else what was sent last is ahead of what is shown
    if (zooms) {
      width = clamp(width + whole, model.narrowest, model.widest)
      last = { zoom: width, at: event.clientX - element.getBoundingClientRect().left - model.gutter }
    } else {
      first = clamp(first + whole, 0, Math.max(0, model.steps - model.words.length))
      last = { first }
    }
    send({ ...last, done: false })
    clearTimeout(timer)
    timer = setTimeout(rest, RESTS_AFTER)
  }

  element.addEventListener("wheel", turned, { passive: false })
  return () => { clearTimeout(timer); element.removeEventListener("wheel", turned) }
}
