// Draws the page with ReDoc. The document's address comes from the page, so that this file needs no template.
const root = document.getElementById("redoc");

Redoc.init(root.dataset.url, { hideDownloadButton: false, scrollYOffset: 44 }, root);
