// The page's modules lie in it as text: each becomes a blob that the next ones import.
const addresses = {};
for (const node of document.querySelectorAll("script[data-module]")) {
  const source = node.textContent.replace(/ from "\.\/([\w.]+)"/g, (_, name) => ` from "${addresses[name]}"`);
  addresses[node.dataset.module] = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
}
import(addresses["app.js"]).catch((error) => {
  const alarm = document.getElementById("alarm");
  alarm.textContent = `The page does not start in this browser (${error.message}): use a newer one.`;
  alarm.hidden = false;
});
