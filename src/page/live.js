// Makes the figures of the overview live. Without it, or without a stream, the page stands as the server has drawn it.
// The server sends words and heights; nothing here is read as HTML.
const page = document.querySelector("[data-live]");
if (page) {
  const words = page.querySelector(".state");
  const button = page.querySelector("button");
  let stream, retry, wait = 2000, paused = false;

  function say(state, text) {
    page.dataset.state = state;
    words.textContent = text;
  }

  function show({ figures }) {
    figures.forEach((figure, at) => {
      const card = document.getElementById(`figure-${at}`);
      if (!card) return;
      card.querySelector(".number").textContent = figure.value;
      card.querySelector("desc").textContent = figure.summary;
      card.querySelector(".most").textContent = figure.most;
      card.querySelectorAll("rect").forEach((bar, minute) => {
        bar.setAttribute("y", figure.room - figure.bars[minute]);
        bar.setAttribute("height", figure.bars[minute]);
      });
      card.querySelectorAll("td").forEach((cell, row) => { cell.textContent = figure.rows[row]; });
    });
  }

  function stop() {
    clearTimeout(retry);
    stream?.close();
  }

  function start() {
    stop();
    stream = new EventSource(page.dataset.live);
    stream.onmessage = ({ data }) => {
      show(JSON.parse(data));
      wait = 2000;
      say("on", "Live");
    };
    stream.onerror = () => {
      // The browser's own retry is at fixed times, and gives up for good on an answer that is no stream.
      stop();
      say("lost", "Not live: the server does not answer, or you are logged out");
      retry = setTimeout(start, wait);
      wait = Math.min(wait * 2, 60000);
    };
  }

  button.hidden = false;
  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Resume" : "Pause";
    if (paused) {
      stop();
      say("off", "Paused");
    } else {
      start();
    }
  });
  // A page that nobody looks at keeps nobody logged in.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else if (!paused) start();
  });
  start();
}
