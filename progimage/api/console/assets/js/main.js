// The page: its header, and the view for the current address.

import { servicePath } from "./service_path.js";
import { accountControl, loginView } from "./account.js";
import { albumView } from "./album_view.js";
import { albumsView } from "./albums_view.js";
import { h } from "./dom.js";
import { duplicatesView } from "./duplicates_view.js";
import { galleryView } from "./gallery.js";
import { jobView } from "./job_view.js";
import { jobsView } from "./jobs_view.js";
import { catchKeys, helpButton } from "./keys.js";
import { errorState } from "./notice.js";
import { pictureView } from "./picture_view.js";
import { followLinks, go, read, router } from "./route.js";
import { accountMode, discover, offers } from "./service.js";
import { resume, session } from "./session.js";
import { sharedPictureView } from "./shared_picture.js";
import { themeButton } from "./theme.js";
import { trashDays, trashView } from "./trash_view.js";
import { uploader } from "./upload_dialog.js";

const main = document.getElementById("main");
const top = document.getElementById("top");
let current = null;
let before = null;
// Lists stay as they are while a picture of them is shown.
let gallery = null;
let album = null;
const scrolled = new WeakMap();

const upload = uploader({ onuploaded: () => gallery?.reload() });
const links = {
  gallery: h("a", { href: `${servicePath}/` }, "Pictures"),
  albums: h("a", { href: `${servicePath}/?view=albums` }, "Albums"),
  jobs: h("a", { href: `${servicePath}/?view=jobs` }, "Jobs"),
  trash: h("a", { href: `${servicePath}/?view=trash`, hidden: true }, "Trash"),
};

function header() {
  const brand = h("a", { class: "brand", href: `${servicePath}/`, "aria-label": "ProgImage" }, h("img", { src: `${servicePath}/console/mark.svg`, alt: "", width: 28, height: 28 }), h("span", {}, "ProgImage"));
  links.jobs.hidden = !offers("jobs");
  links.albums.hidden = !offers("albums");
  showTrash();
  const controls = h("div", { class: "row" }, helpButton(), themeButton(), accountControl(), upload.button);
  top.replaceChildren(h("div", { class: "bar" }, brand, h("nav", { "aria-label": "Views" }, Object.values(links)), controls));
}

/** Link to the trash where there is one, for those who may see it. */
async function showTrash() {
  links.trash.hidden = (await trashDays()) === 0;
}

/** Show the view for the address, and move the focus to its heading. */
function show() {
  const wanted = read();
  const isFirst = current === null;
  mark(wanted.view);
  if (wanted.view === "gallery" && gallery && current === gallery) {
    gallery.show(wanted.search);
    return;
  }
  if (current !== null) scrolled.set(current, scrollY);
  current?.leave?.();
  const left = current?.imageId;
  current = viewOf(wanted, before);
  before = wanted.view;
  main.replaceChildren(current.element);
  document.title = `${current.title()} – ProgImage`;
  scrollTo(0, scrolled.get(current) ?? 0);
  // A list goes on at the picture that was shown last, which the user may have reached by its neighbours.
  if (!isFirst && !(left && current.focusPicture?.(left))) current.heading.focus({ preventScroll: true });
}

function mark(view) {
  const section = { job: "jobs", album: "albums", shared: "albums" }[view] ?? view;
  for (const [name, link] of Object.entries(links)) {
    if (name === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function viewOf(wanted, before) {
  if (wanted.view === "picture") {
    const list = wanted.album ? albumOf(wanted.album, null) : gallery;
    const onchanged = (id, record) => [gallery, album].forEach((each) => each?.replace(new Map([[id, record]])));
    const neighbours = async (id) => (await list?.neighbours(id)) ?? {};
    return pictureView({ id: wanted.id, pipeline: wanted.pipeline, onchanged, neighbours });
  }
  if (wanted.view === "album") {
    // Back from a picture it is as it was; else others may have changed it.
    if (before !== "picture" && before !== "shared") album = null;
    return albumOf(wanted.id, wanted.signature);
  }
  if (wanted.view === "shared") return sharedPictureView(wanted);
  if (wanted.view === "albums" && offers("albums")) return albumsView();
  if (wanted.view === "duplicates") return duplicatesView({ ondeleted: forget });
  if (wanted.view === "jobs" && offers("jobs")) return jobsView();
  if (wanted.view === "trash") return trashView({ onrestored: forget });
  if (wanted.view === "job" && offers("jobs")) return jobView({ id: wanted.id, onmade: forget });
  if (wanted.view === "login" && accountMode() !== "off") return loginView();
  gallery ??= galleryView({ upload: upload.open });
  gallery.show(wanted.view === "gallery" ? wanted.search : new URLSearchParams());
  return gallery;
}

function albumOf(id, signature) {
  if (album?.id !== id || album.signature !== signature) album = albumView({ id, signature, onchanged: (changes) => gallery?.replace(changes) });
  return album;
}

/** Put the cursor into the search, in the gallery. */
function search() {
  if (current !== gallery || gallery === null) go(`${servicePath}/`);
  gallery.focusSearch();
}

/** Make lists load again when they are shown next, because the pictures have changed. */
function forget() {
  gallery = null;
  album = null;
}

async function begin() {
  try {
    await discover();
    if (accountMode() !== "off") await resume();
  } catch (error) {
    main.replaceChildren(errorState(error, begin));
    return;
  }
  header();
  followLinks();
  catchKeys({ view: () => current, search });
  history.scrollRestoration = "manual";
  router.addEventListener("change", show);
  session.addEventListener("change", () => {
    forget();
    showTrash();
    // The form to log in opens the next view itself.
    if (read().view !== "login") show();
  });
  show();
}

begin();
