// Gives each mention the colour of its label: the security policy allows no style
// in the markup, and server-rendered pages know the colour only as data.
for (const mention of document.querySelectorAll("[data-color]")) {
  if (mention.dataset.color) {
    mention.style.setProperty("--label-color", mention.dataset.color);
  }
}
