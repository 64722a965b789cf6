// The tab API: snippets with the page's own address, to be pasted as they are.
import { facts, h } from "./page.js";

/** Title, what to install, and text of each. */
const snippets = (address) => [
  ["One line", null, `curl -F file=@photo.jpg ${new URL("v1/predict", address)}`],
  [
    "Python",
    "pip install gradio_client",
    `from gradio_client import Client, handle_file

client = Client("${address}")
print(client.predict(handle_file("photo.jpg"), api_name="/predict"))`,
  ],
  [
    "Many photos, or zip files of them",
    null,
    `from gradio_client import Client, handle_file

client = Client("${address}")
for row in client.predict([handle_file("photo.jpg")], api_name="/predict_many"):
    print(row)`,
  ],
];

const block = (text) => {
  const copy = async (event) => {
    await navigator.clipboard.writeText(text);
    event.target.textContent = "Copied";
  };
  const button = navigator.clipboard && h("button", { class: "button", onclick: copy }, "Copy");
  return h("div", { class: "snippet" }, h("pre", { tabindex: 0 }, h("code", {}, text)), button);
};

export const start = (element) => {
  const root = element.querySelector(".api");
  const address = document.baseURI.split("#")[0];
  const [{ name }] = facts().models;
  root.append(
    h("h2", {}, "For programs"),
    h("p", {}, `All answer with the label, its probability, all probabilities, the familiarity, and whether the picture is rejected; by the model ${name}. Where the page asks for a password: curl -u name:password, and Client(…, auth=("name", "password")).`),
  );
  for (const [title, install, code] of snippets(address))
    root.append(h("section", {}, h("h3", {}, title), ...(install ? [block(install)] : []), block(code)));
};
