// Of the cards that cards.py draws: a burst while a button is held, files, and removing.
const LONGEST_SIDE = 640, MILLISECONDS = 150, MOST_OF_A_BURST = 40;
const canvas = document.createElement("canvas");
const labelOf = (node) => node.closest("[data-label]")?.dataset.label ?? null;
const say = (text) => (element.querySelector(".said").textContent = text);
let burst = null;

const frame = (video) => {
  const { videoWidth, videoHeight } = video;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(videoWidth, videoHeight));
  canvas.width = videoWidth * scale;
  canvas.height = videoHeight * scale;
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.9);
};
const end = () => {
  if (!burst) return;
  clearInterval(burst.timer);
  const { button, label, frames, lost } = burst;
  burst = null;
  button.classList.remove("held");
  button.textContent = "Hold to record";
  trigger("burst", { label, frames, lost });
};
const take = () => {
  const { video, button, frames } = burst;
  // A stopped or unplugged camera leaves its last picture behind.
  burst.lost = video.srcObject?.getVideoTracks()[0]?.readyState !== "live";
  if (burst.lost) {
    return end();
  }
  frames.push(frame(video));
  const picture = document.createElement("img");
  picture.src = frames.at(-1);
  button.closest("section").querySelector(".pictures").prepend(picture);
  button.textContent = `${frames.length} taken`;
  if (frames.length >= MOST_OF_A_BURST) end();
};
const begin = (button) => {
  if (burst) return;
  if (!navigator.mediaDevices)
    return say("Browsers open the camera only for pages on this computer or with https.");
  const camera = document.getElementById("teach-camera");
  const video = camera.querySelector("video");
  if (!video?.srcObject?.active || !video.videoWidth) {
    if (!video?.srcObject) camera.querySelector(".tools button").click();
    return say("The camera is turned on; then hold the button again.");
  }
  const label = labelOf(button);
  burst = { button, video, label, frames: [], timer: setInterval(take, MILLISECONDS) };
  button.classList.add("held");
  take();
};
const send = async (node, files) => {
  if (!files.length) return;
  const label = labelOf(node), sent = [];
  try {
    for (const file of files) {
      say(`${sent.length + 1} of ${files.length} on the way`);
      sent.push({ ...(await upload(file)), orig_name: file.name });
    }
  } catch (error) {
    return say(`The upload failed: ${error.message}`);
  }
  trigger("files", { label, files: sent });
};

element.addEventListener("pointerdown", (event) => {
  const button = event.target.closest(".hold");
  if (button && event.button === 0) begin(button);
});
element.addEventListener("keydown", (event) => {
  const button = event.target.closest(".hold");
  if (!button || ![" ", "Enter"].includes(event.key)) return;
  event.preventDefault();
  if (!event.repeat) begin(button);
});
for (const name of ["pointerup", "pointercancel", "keyup", "blur"])
  window.addEventListener(name, end);
element.addEventListener("contextmenu", (event) => {
  if (event.target.closest(".hold")) event.preventDefault();
});
element.addEventListener("click", (event) => {
  const label = labelOf(event.target);
  const picture = event.target.closest(".picture");
  if (picture) trigger("strike", { label, name: picture.dataset.name });
  else if (event.target.closest(".dismiss")) trigger("dismiss", { label });
});
element.addEventListener("change", (event) => {
  const files = [...event.target.files];
  event.target.value = "";
  send(event.target, files);
});
element.addEventListener("dragover", (event) => event.preventDefault());
element.addEventListener("drop", (event) => {
  event.preventDefault();
  send(event.target, [...event.dataTransfer.files]);
});
window.addEventListener("beforeunload", (event) => {
  if (element.querySelector(".picture")) event.preventDefault();
});
