// Draws the page with Swagger UI. The versions come from the page, so that this file needs no template.
const root = document.getElementById("swagger-ui");

window.ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  urls: JSON.parse(root.dataset.versions),
  "urls.primaryName": root.dataset.chosen,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
