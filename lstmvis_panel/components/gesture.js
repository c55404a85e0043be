// Shared by the components: the mouse is always drawn at once; the server gets the newest state of a gesture, and
// the next one only when it has answered the last, so that a slow answer never makes a queue. What is to be done once,
// apart from that state, goes along with just one message: a newer one that waits takes it over. The end of a gesture goes
// at once: what is done next, elsewhere on the page, must not overtake it, nor take its place.

const ANSWER_WITHIN = 1500

function latestOnly(model) {
  let serial = 0, waiting = false, next = null, timer = null
  const post = ({ state, once }) => {
    waiting = true
    clearTimeout(timer)
    timer = setTimeout(answered, ANSWER_WITHIN)
    model.send_msg({ ...state, ...once, serial: ++serial })
  }
  const answered = () => {
    waiting = false
    clearTimeout(timer)
    if (next) { const message = next; next = null; post(message) }
  }
  model.on("seen", () => { if (model.seen >= serial) answered() })
  const send = (state, once = {}) => {
    const message = { state, once: { ...next?.once, ...once } }
    if (waiting) next = message
    else post(message)
  }
  send.end = (state) => {
    if (next && String(Object.keys(next.state)) !== String(Object.keys(state))) post(next)     // of another gesture
    next = null
    post({ state, once: {} })
  }
  send.idle = () => !waiting
  return send
}

function oncePerFrame(draw) {
  let pending = false
  return () => {
    if (pending) return
    pending = true
    requestAnimationFrame(() => { pending = false; draw() })
  }
}
