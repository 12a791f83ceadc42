'use strict';
// Draws the timeline of a clip once, and moves cursors, squares and bars with the position of the player.

const view = JSON.parse(document.getElementById('data').textContent);
const media = document.getElementById('media');
const faces = document.getElementById('faces');
const length = Math.max(view.end - view.start, 1e-3);
const [low, high] = view.range;
const SVG = 'http://www.w3.org/2000/svg';
const LAST_SEC = 0.1; // a player may stop this much after the last prediction

function add(parent, tag, attributes = {}, text = '') {
  const inSvg = tag === 'svg' || parent.namespaceURI === SVG;
  const element = inSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  parent.append(element);
  return element;
}

function colour(element, value) { // a style attribute would not be allowed
  element.style.background = value;
  return element;
}

function percent(time) { return 100 * Math.min(Math.max((time - view.start) / length, 0), 1); }

function clock(time, digits) { // sound may begin a little before zero
  const rounded = Math.abs(time).toFixed(digits);
  const minutes = Math.floor(rounded / 60);
  const seconds = (rounded - 60 * minutes).toFixed(digits);
  return `${time < 0 && rounded > 0 ? '-' : ''}${minutes}:${seconds.padStart(digits ? 3 + digits : 2, '0')}`;
}

function drawStack(svg, spans) { // probabilities, one upon the other
  for (const [start, end, scores, missing] of spans) {
    let below = 0;
    scores.forEach((score, i) => {
      add(svg, 'rect', {x: percent(start), width: percent(end) - percent(start), y: 100 * (1 - below - score),
        height: 100 * score, fill: view.colours[i], opacity: missing.length ? 0.5 : 1});
      below += score;
    });
  }
}

function drawCurves(svg, spans) { // values, in steps
  const height = score => 100 * (high - score) / (high - low);
  add(svg, 'line', {x1: 0, x2: 100, y1: height(0), y2: height(0), stroke: 'currentColor', opacity: 0.4,
    'vector-effect': 'non-scaling-stroke'});
  view.names.forEach((_, i) => {
    let path = '', last = -Infinity;
    for (const [start, end, scores] of spans) {
      path += `${start > last + 1e-3 ? 'M' : 'L'}${percent(start)} ${height(scores[i])}H${percent(end)}`;
      last = end;
    }
    add(svg, 'path', {d: path, fill: 'none', stroke: view.colours[i], 'stroke-width': 2,
      'vector-effect': 'non-scaling-stroke'});
  });
}

function drawTrack(track) {
  const block = add(document.getElementById('tracks'), 'div', {class: 'track'});
  const title = add(block, 'div', {class: 'title'});
  colour(add(title, 'span', {class: 'dot'}), track.colour);
  add(title, 'b', {}, track.name);
  add(title, 'span', {}, `whole: ${track.answer}`);
  const strip = add(block, 'div', {class: 'strip'});
  const svg = add(strip, 'svg', {viewBox: '0 0 100 100', preserveAspectRatio: 'none'});
  (view.kind === 'classification' ? drawStack : drawCurves)(svg, track.spans);
  track.cursor = add(strip, 'div', {class: 'cursor'});
  const seek = event => {
    const box = strip.getBoundingClientRect();
    media.currentTime = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * length + view.start;
  };
  strip.addEventListener('pointerdown', event => { strip.setPointerCapture(event.pointerId); seek(event); });
  strip.addEventListener('pointermove', event => { if (event.buttons) seek(event); });
}

function drawPanel(track) {
  const panel = add(document.getElementById('now'), 'div', {class: 'panel'});
  const title = add(panel, 'div', {class: 'title'});
  colour(add(title, 'span', {class: 'dot'}), track.colour);
  add(title, 'b', {}, track.name);
  track.when = add(title, 'span', {class: 'when'});
  track.rows = view.names.map((name, i) => {
    const row = add(panel, 'div', {class: 'row'});
    add(row, 'span', {class: 'name'}, name);
    const bar = colour(add(add(row, 'span', {class: 'bar'}), 'i'), view.colours[i]);
    return {row, bar, value: add(row, 'span', {class: 'value'})};
  });
  if (track.spans.some(span => span[4])) {
    track.look = add(panel, 'img', {class: 'look', alt: 'what the model drew on', width: 512, height: 224});
    track.look.addEventListener('load', fit);
  }
}

function spanAt(spans, time) {
  const found = spans.find(([start, end]) => start <= time && time < end);
  const last = spans[spans.length - 1];
  return found || (last && time >= last[1] && time < last[1] + LAST_SEC ? last : undefined);
}

function showScores(track, time) {
  const span = spanAt(track.spans, time);
  const lacking = span && span[3].length ? `, without ${span[3].join(' and ').replace('audio', 'sound')}` : '';
  track.when.textContent = span ? `at ${clock(time, 2)}${lacking}` : `not there at ${clock(time, 2)}`;
  if (track.look) {
    track.look.hidden = !(span && span[4]);
    if (span && span[4] && track.look.getAttribute('src') !== span[4]) track.look.src = span[4];
  }
  track.rows.forEach(({row, bar, value}, i) => {
    const score = span ? span[2][i] : 0;
    const from = Math.min(score, 0), to = Math.max(score, 0);
    bar.style.left = `${100 * (from - low) / (high - low)}%`;
    bar.style.width = `${100 * (to - from) / (high - low)}%`;
    value.textContent = !span ? '–' : view.kind === 'classification' ? `${(100 * score).toFixed(1)} %` : score.toFixed(2);
    row.classList.toggle('best', Boolean(span) && view.kind === 'classification' && score === Math.max(...span[2]));
  });
}

function squareAt(face, time) { // between its notes on a line
  if (!face || !face.times.length || time < face.start || time >= face.end) return null;
  const next = face.times.findIndex(noted => noted > time);
  if (next === 0) return face.squares[0];
  if (next < 0) return face.squares[face.squares.length - 1];
  const share = (time - face.times[next - 1]) / (face.times[next] - face.times[next - 1]);
  return face.squares[next - 1].map((value, i) => value + share * (face.squares[next][i] - value));
}

function showFace(track, time) {
  const square = squareAt(track.face, time);
  track.outline.setAttribute('visibility', square ? 'visible' : 'hidden');
  track.number.setAttribute('visibility', square ? 'visible' : 'hidden');
  if (!square) return;
  const [x, y, side, angle] = square;
  const [cos, sin] = [Math.cos(angle * Math.PI / 180) * side / 2, Math.sin(angle * Math.PI / 180) * side / 2];
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) => [x + u * cos - v * sin, y + u * sin + v * cos]);
  track.outline.setAttribute('points', corners.map(corner => corner.join(',')).join(' '));
  track.number.setAttribute('x', Math.max(corners[0][0], 0) + view.size[1] / 60);
  track.number.setAttribute('y', Math.max(corners[0][1], 0) + view.size[1] / 14);
}

function show() {
  const time = media.currentTime;
  for (const track of view.tracks) {
    track.cursor.style.left = `${percent(time)}%`;
    showScores(track, time);
    if (track.outline) showFace(track, time);
  }
}

function follow() { // smoother than the player's own events
  show();
  if (!media.paused) requestAnimationFrame(follow);
}

function drawAxis() {
  const axis = document.getElementById('axis');
  [0, 0.25, 0.5, 0.75, 1].forEach(share => {
    const place = share === 0 ? 'first' : share === 1 ? 'last' : '';
    add(axis, 'span', {class: place}, clock(view.start + share * length, length < 60 ? 1 : 0)).style.left = `${100 * share}%`;
  });
}

function fit() { // the frame around this page, to its height
  if (window.frameElement) window.frameElement.style.height = `${document.body.scrollHeight + 4}px`;
}

view.tracks.forEach(track => {
  drawTrack(track);
  drawPanel(track);
  if (track.face && view.size) {
    track.outline = add(faces, 'polygon', {stroke: track.colour});
    track.number = add(faces, 'text', {fill: track.colour, 'font-size': view.size[1] / 14, 'font-weight': 700},
      track.name.replace('face ', ''));
  }
});
if (view.size) faces.setAttribute('viewBox', `0 0 ${view.size[0]} ${view.size[1]}`);
drawAxis();
for (const name of ['timeupdate', 'seeking', 'seeked', 'loadedmetadata', 'pause']) media.addEventListener(name, show);
media.addEventListener('play', follow);
media.addEventListener('loadedmetadata', fit);
new ResizeObserver(fit).observe(document.body);
show();
