// The theme chosen on an earlier visit, before anything is painted in the other one: hence no
// module, which would run after the page is parsed.

{
  const chosen = localStorage.getItem("progimage.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
}
