// The page: what is always there, and the view that the address asks for.

import { h } from "./dom.js";
import { galleryView } from "./gallery.js";
import { errorState } from "./notice.js";
import { pictureView } from "./picture_view.js";
import { followLinks, read, router } from "./route.js";
import { discover } from "./service.js";
import { themeButton } from "./theme.js";
import { uploader } from "./upload_dialog.js";

const main = document.getElementById("main");
const top = document.getElementById("top");
let current = null;
let gallery = null;
let galleryScroll = 0;

const upload = uploader({ onuploaded: () => gallery?.reload() });

function header() {
  const brand = h("a", { class: "brand", href: "/" }, h("img", { src: "/console/mark.svg", alt: "", width: 28, height: 28 }), "ProgImage");
  top.replaceChildren(h("div", { class: "bar" }, brand, h("nav", { "aria-label": "Views" }), h("div", { class: "row" }, themeButton(), upload.button)));
}

/** Show what the address asks for, and put the focus where reading it begins. */
function show() {
  const wanted = read();
  const isFirst = current === null;
  if (wanted.view === "gallery" && gallery && current?.view === gallery) {
    gallery.show(wanted.search);
    return;
  }
  if (current?.view === gallery) galleryScroll = scrollY;
  current?.view.leave?.();
  const view = viewOf(wanted);
  current = { view };
  main.replaceChildren(view.element);
  document.title = `${view.title()} – ProgImage`;
  if (!isFirst) view.heading.focus({ preventScroll: true });
  scrollTo(0, wanted.view === "gallery" ? galleryScroll : 0);
}

function viewOf(wanted) {
  if (wanted.view === "picture") {
    const onchanged = (id, record) => gallery?.replace(id, record);
    return pictureView({ id: wanted.id, pipeline: wanted.pipeline, onchanged });
  }
  gallery ??= galleryView({ upload: upload.open });
  gallery.show(wanted.search);
  return gallery;
}

async function begin() {
  header();
  followLinks();
  history.scrollRestoration = "manual";
  try {
    await discover();
  } catch (error) {
    main.replaceChildren(errorState(error, begin));
    return;
  }
  router.addEventListener("change", show);
  show();
}

begin();
