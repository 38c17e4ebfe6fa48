// Applies the theme chosen on an earlier visit before the first paint. Not a module, since
// modules run after the page is parsed.

{
  const chosen = localStorage.getItem("progimage.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}
