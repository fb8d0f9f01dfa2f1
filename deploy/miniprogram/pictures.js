// The results of a self-check as a picture, in WeChat's canvas.
const WIDTH = 720;
const EDGE = 40;
const SIZE = 34;
const SPACING = 1.6;

function linesOf(groups, where) {
  const listed = groups.flatMap(({ title, results }) => [[`【${title}】`, 1.15], ...results.map((result) => [`· ${result.title}`, 1]), ["", 0.5]]);
  return [["暖岗自测结果", 1.4], [where, 1], ["", 0.5], ...listed, ["以经办单位审核为准。", 1]];
}

const font = (scale) => `${Math.round(SIZE * scale)}px sans-serif`;

// Each line as pieces that fit the width.
function wrapped(pen, lines) {
  return lines.flatMap(([text, scale]) => {
    pen.font = font(scale);
    const pieces = [""];
    for (const letter of text) {
      if (pen.measureText(pieces[pieces.length - 1] + letter).width > WIDTH - 2 * EDGE) pieces.push("　");
      pieces[pieces.length - 1] += letter;
    }
    return pieces.map((piece) => [piece, scale]);
  });
}

function paint(canvas, groups, where) {
  const pen = canvas.getContext("2d");
  const lines = wrapped(pen, linesOf(groups, where));
  canvas.width = WIDTH;
  canvas.height = Math.round(lines.reduce((sum, [, scale]) => sum + SIZE * scale * SPACING, 2 * EDGE));
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#191919";
  let y = EDGE;
  for (const [text, scale] of lines) {
    y += SIZE * scale * SPACING;
    pen.font = font(scale);
    pen.fillText(text, EDGE, y - SIZE / 2);
  }
}

// The path of a picture drawn in the canvas of this selector.
function draw(selector, groups, where) {
  return new Promise((resolve, reject) => {
    const query = wx.createSelectorQuery().select(selector).fields({ node: true });
    query.exec(([found]) => {
      if (!found || !found.node) {
        reject(new Error("no canvas"));
        return;
      }
      paint(found.node, groups, where);
      wx.canvasToTempFilePath({ canvas: found.node, success: ({ tempFilePath }) => resolve(tempFilePath), fail: reject });
    });
  });
}

module.exports = { draw };
