// A round brush along a line, as the server paints it: voxels whose centre is within the radius, or half a voxel.

export function along(points, radius, shape, paint) {
  const reach = Math.max(radius, 0.5);
  const pairs = points.length > 1 ? points.slice(1).map((end, i) => [points[i], end]) : [[points[0], points[0]]];
  for (const [start, end] of pairs) {
    const [rows, columns] = [0, 1].map((k) => [Math.min(start[k], end[k]) - reach, Math.max(start[k], end[k]) + reach]);
    for (let r = Math.max(0, Math.ceil(rows[0])); r <= Math.min(shape[0] - 1, rows[1]); r++) {
      for (let c = Math.max(0, Math.ceil(columns[0])); c <= Math.min(shape[1] - 1, columns[1]); c++) {
        if (isNear(r, c, start, end, reach)) paint(r, c);
      }
    }
  }
}

function isNear(row, column, start, end, reach) {
  const [dr, dc] = [end[0] - start[0], end[1] - start[1]];
  const length = dr * dr + dc * dc;
  const [r, c] = [row - start[0], column - start[1]];
  const t = length ? Math.max(0, Math.min(1, (r * dr + c * dc) / length)) : 0;
  return (r - t * dr) ** 2 + (c - t * dc) ** 2 <= reach ** 2 + 1e-9;
}
