/* The maps of the report. All texts come in as data and go out as textContent. */
(function () {
  "use strict";
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const OVERLAYS = ["labels", "predictions", "false positives", "false negatives"];
  const SMALL_PX = 24;

  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const latLng = ([x, y]) => [y, x];
  const latLngs = (rings) => rings.map((ring) => ring.map(latLng));
  const boundsOf = (scene) => L.latLngBounds([scene.bounds[1], scene.bounds[0]], [scene.bounds[3], scene.bounds[2]]);
  const text = (words) => {
    const span = document.createElement("span");
    span.textContent = words;
    return span;
  };

  function shapesOf(layer, classes, renderer) {
    // Many that lie over another would hide the imagery; those that are not sure are fainter.
    const fillOpacity = layer.shapes.length > 60 ? 0.05 : 0.16;
    return layer.shapes.map(([rings, classId, score]) => {
      const [name, color] = classes[classId] || ["class " + classId, "#8a8f98"];
      const stroke = data.errors[layer.name] || color;
      const words = score === null ? name : name + ", " + score.toFixed(2);
      return L.polygon(latLngs(rings), {
        renderer, color: stroke, weight: layer.name === "labels" ? 1.5 : 2, fillOpacity,
        opacity: score === null ? 1 : 0.35 + 0.65 * Math.min(Math.max(score, 0), 1),
        dashArray: layer.name === "labels" ? "4 3" : null,
      }).bindTooltip(text(layer.name + ": " + words), { sticky: true });
    });
  }

  function draw(frame) {
    const content = data.maps[frame.dataset.map];
    const element = document.getElementById(frame.dataset.map);
    const map = L.map(element, {
      crs: content.georeferenced ? L.CRS.EPSG3857 : L.CRS.Simple,
      attributionControl: false, scrollWheelZoom: false, zoomSnap: 0, zoomDelta: 1, minZoom: content.georeferenced ? 1 : -12,
      maxZoom: content.georeferenced ? 24 : 8, worldCopyJump: false,
    });
    map.on("focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
    if (content.georeferenced) {
      L.control.scale({ imperial: false, maxWidth: 140 }).addTo(map);
    }
    ["imagery", ...OVERLAYS].forEach((name, i) => {
      map.createPane(name).style.zIndex = 300 + i;
    });
    map.createPane("outlines").style.zIndex = 400;
    const canvas = {};
    const groups = { outlines: L.layerGroup() };

    for (const scene of content.scenes) {
      for (const layer of scene.layers) {
        const group = (groups[layer.name] = groups[layer.name] || L.layerGroup());
        if (layer.picture !== null) {
          L.imageOverlay(data.pictures[layer.picture], boundsOf(scene), {
            pane: layer.name, className: (layer.name === "imagery" ? "" : "flat ") + "layer-" + layer.name.replace(" ", "-"),
            alt: layer.name + " of " + scene.id,
          }).addTo(group);
        }
        if (layer.shapes.length) {
          canvas[layer.name] = canvas[layer.name] || L.canvas({ pane: layer.name, padding: 0.3 });
          shapesOf(layer, content.classes, canvas[layer.name]).forEach((shape) => shape.addTo(group));
        }
      }
      const outline = { pane: "outlines", interactive: false };
      for (const ring of scene.aois) {
        L.polygon(latLngs([ring]), { ...outline, className: "outline line-aoi" }).addTo(groups.outlines);
      }
      if (scene.footprint.length) {
        L.polygon(latLngs(scene.footprint), { ...outline, className: "outline line-" + scene.split }).addTo(groups.outlines);
      }
    }

    // A scene that is a speck at this zoom is a dot that leads to it.
    const dots = L.layerGroup().addTo(map);
    function mark() {
      dots.clearLayers();
      for (const scene of content.scenes) {
        const bounds = boundsOf(scene);
        const size = map.latLngToLayerPoint(bounds.getSouthEast()).subtract(map.latLngToLayerPoint(bounds.getNorthWest()));
        if (Math.max(size.x, size.y) < SMALL_PX) {
          L.circleMarker(bounds.getCenter(), { radius: 6, weight: 2, color: variable("--" + scene.split), fillOpacity: 0.6 })
            .bindTooltip(text(scene.id)).on("click", () => map.fitBounds(bounds.pad(0.05))).addTo(dots);
        }
      }
    }
    map.on("zoomend", mark);

    const all = content.scenes.reduce((bounds, scene) => bounds.extend(boundsOf(scene)), L.latLngBounds([]));
    const buttons = frame.querySelectorAll("button[data-scene]");
    function show(which) {
      const scene = content.scenes[which];
      map.fitBounds(scene ? boundsOf(scene).pad(0.05) : all.pad(0.03), { animate: false });
      buttons.forEach((button) => {
        const isPressed = button.dataset.scene === String(which);
        button.setAttribute("aria-pressed", String(isPressed));
        if (isPressed) {
          const list = button.closest("ul");
          const top = button.offsetTop - list.offsetTop;
          if (top < list.scrollTop || top + button.offsetHeight > list.scrollTop + list.clientHeight) {
            list.scrollTop = top - list.clientHeight / 2;
          }
        }
      });
    }
    buttons.forEach((button) => button.addEventListener("click", () => show(button.dataset.scene)));

    frame.querySelectorAll("input[data-layer]").forEach((box) => {
      const group = groups[box.dataset.layer];
      const change = () => (box.checked ? group.addTo(map) : group.remove());
      box.addEventListener("change", change);
      change();
    });
    const slider = frame.querySelector("input[data-opacity]");
    if (slider) {
      const change = () => OVERLAYS.forEach((name) => { map.getPane(name).style.opacity = slider.value / 100; });
      slider.addEventListener("input", change);
      change();
    }

    show("all");
    // Scenes far apart would all be specks: begin with one that was predicted, or the first.
    const side = (bounds) => Math.max(bounds.getNorth() - bounds.getSouth(), bounds.getEast() - bounds.getWest());
    if (Math.max(...content.scenes.map((scene) => side(boundsOf(scene)))) * 10 < side(all)) {
      const predicted = content.scenes.findIndex((s) => s.layers.some((l) => l.name === "predictions"));
      show(Math.max(predicted, 0));
    }
    mark();
    return map;
  }

  // A report of many experiments has many maps: those near the window are drawn first, then the
  // others one by one, so that a picture of the whole page has them all.
  const frames = document.querySelectorAll("[data-map]");
  const drawn = new Set();
  const drawOnce = (frame) => {
    if (!drawn.has(frame)) {
      drawn.add(frame);
      draw(frame);
    }
  };
  frames.forEach((frame) => { frame.hidden = false; });
  const observer = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
      observer.unobserve(entry.target);
      drawOnce(entry.target);
    });
  }, { rootMargin: "600px" });
  frames.forEach((frame) => observer.observe(frame));
  window.addEventListener("beforeprint", () => frames.forEach(drawOnce));
  const drawNext = () => {
    const frame = [...frames].find((one) => !drawn.has(one));
    if (frame) {
      drawOnce(frame);
      setTimeout(drawNext, 50);
    }
  };
  window.addEventListener("load", () => setTimeout(drawNext, 200));
})();
